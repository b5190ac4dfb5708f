# SPDX-License-Identifier: GPL-2.0-or-later
"""
Several queues, each with a guard and a judge of its own.

Which queue a connection takes is the kernel's to choose, by the two addresses and
a number that differs from boot to boot.  The tests ask it: it counts what it hands to
each.
"""

import json
import os
import re
import signal
import socket

import pytest

import lab
from command import as_json, cwmpgate, good, refuse_one
from heads import ask, authorized, bare, challenge_of, end_of, get_challenge, status_of
from replayed import LANES, RELOADED, RESTARTED
from test_cli import control
from test_good import BOTH_FAMILIES

QUEUES = 3
FIRST = 7547
SOURCES = 100
PREFIXES = ["192.0.2.10/31", "192.0.2.128/25", "2001:db8:1::/64"]

pytestmark = pytest.mark.config(queues=QUEUES, acs=PREFIXES)


@pytest.fixture
def net(net):
    """The ACS has many addresses."""
    net.acs.configure("".join(
        f"address add 192.0.2.{128 + i}/24 dev eth0\n"
        f"address add 2001:db8:1::{0x100 + i:x}/64 dev eth0 nodad\n" for i in range(SOURCES)))
    return net


def sources(address):
    for i in range(SOURCES):
        yield f"2001:db8:1::{0x100 + i:x}" if ":" in address else f"192.0.2.{128 + i}"


def handed(net):
    """How many packets the kernel has handed to each queue."""
    with net.router.entered():
        with open("/proc/thread-self/net/netfilter/nfnetlink_queue", encoding="ascii") as f:
            rows = [[int(x) for x in line.split()] for line in f]
    return {row[0]: row[7] for row in rows}


def request(net, address, source):
    """The status of a whole logical request."""
    challenge = get_challenge(net.acs, address, source=source)
    with net.acs.connect(address, 7547, source) as s:
        return status_of(ask(s, authorized(challenge)))


def queue_of(before, now):
    """The one that has got most; others may have got the last packets of what was before."""
    return max(now, key=lambda queue: now[queue] - before.get(queue, 0))


def one_in_each(net, address=lab.ROUTER4, queues=QUEUES):
    """
    A source for each queue, found by good requests.  That they are good says that both
    directions take the same queue: a guard that sees but one of them delivers nothing.
    """
    found = {}
    for source in sources(address):
        before = handed(net)
        assert request(net, address, source) == 200, f"{source}, {found}"
        found.setdefault(queue_of(before, handed(net)), source)
        if len(found) == queues:
            break
    assert sorted(found) == list(range(FIRST, FIRST + queues))
    return found


def pids(gate):
    """Guard and judge of each lane."""
    said = dict(re.findall(r"^(\w+)=(\d+)$", control(gate, b"status\n")[0], re.M))
    ends = ["", *(f"_{i}" for i in range(1, 8))]
    return [(int(said["guard_pid" + e]), int(said["judge_pid" + e]))
            for e in ends if "guard_pid" + e in said]


@BOTH_FAMILIES
def test_good_and_bad_in_each(net, agent, gate, address):
    """What is refused has not reached the agent: that is the oracle's to say."""
    lanes = one_in_each(net, address)
    delivered = len(agent.heads())
    for source in lanes.values():
        with net.acs.connect(address, 7547, source) as s:
            s.sendall(b"POST / HTTP/1.1\r\n\r\n")
            assert end_of(s) == "reset"
        with net.acs.connect(address, 7547, source) as s:
            s.sendall(bare()[:-2] + b"X-Other: " + b"A" * 5000)
            assert end_of(s) == "reset"
    gate.expect("NOT_GET", n=QUEUES)
    assert len(agent.heads()) == delivered


@pytest.mark.config(queues=QUEUES, acs=PREFIXES, firewall="iptables")
@BOTH_FAMILIES
def test_with_iptables(net, agent, gate, address):
    for source in one_in_each(net, address).values():
        with net.acs.connect(address, 7547, source) as s:
            s.sendall(b"POST / HTTP/1.1\r\n\r\n")
            assert end_of(s) == "reset"


@pytest.mark.config(queues=QUEUES, acs=PREFIXES, mode="monitor")
def test_monitor(net, agent, unstarted_gate):
    unstarted_gate.start()
    assert len(one_in_each(net)) == QUEUES
    unstarted_gate.stop()
    assert request(net, lab.ROUTER4, lab.ACS4) == 200


def test_a_replay_is_refused_in_its_lane(net, agent, gate):
    for source in one_in_each(net).values():
        head = authorized(get_challenge(net.acs, lab.ROUTER4, source=source))
        statuses = []
        for _ in range(2):
            with net.acs.connect(lab.ROUTER4, 7547, source) as s:
                statuses.append(status_of(ask(s, head)))
        assert statuses == [200, 401]


def test_numbers_are_those_of_all(net, agent, gate):
    lanes = one_in_each(net)
    proven = len(agent.heads()) // 2
    for source in lanes.values():
        refuse_one(net, gate, source)
    gate.expect("NOT_GET", n=QUEUES)
    facts = as_json(gate, "status")
    assert facts["reasons"]["NOT_GET"] == QUEUES
    assert facts["reasons"]["AUTHENTICATED"] == proven == gate.count("AUTHENTICATED")
    assert sorted(facts["queues"]) == [str(FIRST + i) for i in range(QUEUES)]
    assert all(q["portid"] for q in facts["queues"].values())
    assert re.search(rf'^cwmpgate_verdicts_total.*"not_get"\}} {QUEUES}$', good(gate, "metrics"),
                     re.M)
    assert good(gate, "status").count("bound by port id") == QUEUES
    doctor = cwmpgate(gate, "doctor").stdout
    assert all(f"queue {FIRST + i} is the daemon's" in doctor for i in range(QUEUES))
    assert len(re.findall("cwmpgate-guard (?:is in its sandbox|runs without)", doctor)) == QUEUES
    _, recent = gate.status()
    assert [r[1] for r in recent[-QUEUES:]] == list(lanes.values())


def test_decisions_of_all_in_one_list(net, agent, gate):
    """In the order of time, each with a number of its own by which it is found."""
    lanes = one_in_each(net)
    for source in lanes.values():
        refuse_one(net, gate, source)
    gate.expect("NOT_GET", n=QUEUES)
    events = [json.loads(x) for x in good(gate, "events", "-n", "4000", "-o", "json").splitlines()]
    ids = [e["id"] for e in events]
    assert len(set(ids)) == len(ids)
    assert {i % QUEUES for i in ids} == set(range(QUEUES))
    refused = [e for e in events if e["reason"] == "NOT_GET"]
    assert [e["src_ip"] for e in refused] == list(lanes.values())
    for e in refused:
        assert f"#{e['id']} {e['src_ip']} " in good(gate, "explain", str(e["id"]))
    assert f" {refused[-1]['src_ip']} " in good(gate, "explain")
    latest = [json.loads(x) for x in good(gate, "events", "-n", "2", "-o", "json").splitlines()]
    assert [e["id"] for e in latest] == [e["id"] for e in refused[-2:]]
    assert "NOT_GET" in good(gate, "top", "-n", "1")


@pytest.mark.dialect("ccsp")
def test_connections_of_all(net, agent, gate):
    lanes = one_in_each(net)
    held = [net.acs.connect(lab.ROUTER4, 7547, source) for source in lanes.values()]
    for s in held:
        assert status_of(ask(s, bare())) == 401
    seen = {f["src_ip"] for f in as_json(gate, "flows") if f["state"] == "answering"}
    assert seen == set(lanes.values())
    for s in held:
        s.close()


@pytest.mark.not_replayed(RESTARTED)
@pytest.mark.dialect("ccsp")
@pytest.mark.parametrize("which", [0, 1], ids=["guard", "judge"])
def test_a_lane_dies_alone(net, agent, gate, which):
    """Its neighbours keep their processes and even their connections."""
    lanes = one_in_each(net)
    victim, *others = sorted(lanes)
    before = pids(gate)
    held = {queue: net.acs.connect(lab.ROUTER4, 7547, lanes[queue]) for queue in others}
    challenges = {queue: challenge_of(ask(s, bare())) for queue, s in held.items()}
    os.kill(before[0][which], signal.SIGKILL)
    for queue, s in held.items():
        assert status_of(ask(s, authorized(challenges[queue]))) == 200
        s.close()
    lab.wait_until(lambda: len(pids(gate)) == QUEUES and all(pids(gate)[0]) and
                   pids(gate)[0][which] != before[0][which], "a new one", 5)
    assert pids(gate)[1:] == before[1:]
    lab.wait_until(lambda: served(net, lanes[victim]), "served again", 5)
    assert as_json(gate, "status")["restarts"] == 1


def served(net, source):
    try:
        return request(net, lab.ROUTER4, source) == 200
    except (OSError, AssertionError):
        return False


@pytest.mark.not_replayed(RESTARTED)
def test_a_lane_hangs_alone(net, agent, gate):
    """While a guard is stopped its sources wait, nobody else does; its counters stay."""
    lanes = one_in_each(net)
    before, proven = pids(gate), gate.count("AUTHENTICATED")
    os.kill(before[-1][0], signal.SIGSTOP)
    hung = FIRST + QUEUES - 1
    with pytest.raises(socket.timeout):
        net.acs.connect(lab.ROUTER4, 7547, lanes[hung], seconds=0.3)
    for queue in sorted(lanes)[:-1]:
        assert request(net, lab.ROUTER4, lanes[queue]) == 200
    lab.wait_until(lambda: served(net, lanes[hung]), "served again", 10)
    assert pids(gate)[:-1] == before[:-1]
    lab.wait_until(lambda: gate.count("AUTHENTICATED") >= proven + QUEUES, "none is forgotten", 5)


@pytest.mark.not_replayed(RELOADED)
@pytest.mark.config(queues=1, acs=PREFIXES)
def test_reload_with_more_and_fewer(net, agent, gate):
    """No counter goes back and no decision is lost."""
    assert list(one_in_each(net, queues=1)) == [FIRST]
    refuse_one(net, gate, lab.ACS4)
    for queues in (4, 2, 1):
        gate.write_config(acs=PREFIXES, queues=queues)
        assert good(gate, "reload") == "in use\n"
        lab.wait_until(lambda n=queues: len(pids(gate)) == n and sorted(handed(net)) ==
                       list(range(FIRST, FIRST + n)), f"{queues} queues", 5)
        lab.wait_until(lambda: served(net, lab.ACS4), "served", 5)
        proven = gate.count("AUTHENTICATED")
        found = one_in_each(net, queues=queues)
        assert as_json(gate, "status")["reasons"]["AUTHENTICATED"] >= proven + len(found)
        assert f" {lab.ACS4} " in good(gate, "explain", lab.ACS4)


@pytest.mark.not_replayed(LANES)
@pytest.mark.config(queues=QUEUES, acs=PREFIXES, all_requests="2/day burst 12")
def test_each_has_its_part_of_all_requests(net, agent, gate):
    """
    Twelve for three: four for each, whatever the others have left.  Of them half is
    kept for sources that have proven themselves, which these do not.
    """
    def delivered(source):
        n = 0
        while True:
            with net.acs.connect(lab.ROUTER4, 7547, source) as s:
                s.sendall(bare())
                try:
                    n += status_of(s.recv(65536)) == 401
                except ConnectionResetError:
                    return n
    found = {}
    for source in sources(lab.ROUTER4):
        before = handed(net)
        n = delivered(source)
        queue = queue_of(before, handed(net))
        assert n == (0 if queue in found else 2)
        found[queue] = source
        if len(found) == QUEUES:
            break
    assert len(found) == QUEUES and len(agent.heads()) == 6


@pytest.mark.parametrize("settings, message", [
    ({"queues": 0}, "queues: found 0, expected an integer from 1 to 8"),
    ({"queues": 9}, "queues: found 9, expected an integer from 1 to 8"),
    ({"queues": 2, "queue": 65535}, "queues: found 2 from queue 65535 on"),
    ({"queues": 2, "nonce_bind": "any"}, 'nonce_bind: found "any", expected "source"'),
])
def test_bad_settings(net, unstarted_gate, settings, message):
    unstarted_gate.write_config(**settings)
    done = unstarted_gate.run("-t")
    assert done.returncode == 2 and message in done.stderr


@pytest.mark.parametrize("firewall, one, several", [
    ("nftables", "define gate_queue = 7547\n", "define gate_queue = 7547-7550\n"),
    ("iptables", "--queue-num 7547 ", "--queue-balance 7547:7550 "),
])
def test_rules(net, unstarted_gate, firewall, one, several):
    """One queue is written as one, whether it is said or not."""
    said = []
    for queues in (None, 1, 4):
        unstarted_gate.write_config(firewall=firewall, queues=queues)
        said.append(unstarted_gate.run("-p").stdout)
    assert said[0] == said[1] and one in said[0] + " "
    assert several in said[2] and one not in said[2]
