# SPDX-License-Identifier: GPL-2.0-or-later
"""A router that has iptables and ipset alone: the same promises, other rules."""

import concurrent.futures
import signal
import socket

import pytest

import lab
from heads import ask, bare, end_of, status_of
from test_failclosed import nothing_gets_in
from test_good import BOTH_FAMILIES, BOTH_PORTS, curl
from test_rules import Echo, echoes

pytestmark = pytest.mark.config(firewall="iptables")
COMMANDS = ("iptables-legacy", "ip6tables-legacy")
CLOSED = (socket.timeout, ConnectionError)


def rules(net):
    """All of iptables' old tables and ipset's sets, as text."""
    return "".join([*(net.router.run(f"{c}-save").stdout for c in COMMANDS),
                    net.router.run("ipset", "save").stdout])


@pytest.fixture(autouse=True)
def nothing_stays(net, request):
    yield
    if "gate" in request.fixturenames:
        text = rules(net)
        assert "CWMPGATE" not in text and "cwmpgate" not in text


@pytest.fixture
def gate(gate, net, nothing_stays):
    """As everywhere, and no word of it is nftables'."""
    assert "cwmpgate" not in net.router.ruleset()
    assert "CWMPGATE_GATE" in rules(net)
    return gate


def cannot_connect(host, address, source=None, seconds=0.7):
    with pytest.raises(CLOSED):
        host.connect(address, 7547, source, seconds)


@BOTH_FAMILIES
@BOTH_PORTS
def test_good(net, agent, gate, address, port):
    assert curl(net, address, port) == "200"
    gate.expect("AUTHENTICATED")


def test_refused(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(b"POST / HTTP/1.1\r\n\r\n")
        assert end_of(s) == "reset"
    assert agent.connections() == []


@pytest.mark.parametrize("host,source,address", [
    ("stranger", None, lab.ROUTER4_FAR), ("stranger", None, lab.ROUTER6_FAR),
    ("acs", lab.NEIGHBOUR4, lab.ROUTER4)])
def test_outsiders_get_no_answer(net, agent, gate, host, source, address):
    before = net.router.conntrack()
    with pytest.raises(socket.timeout):
        getattr(net, host).connect(address, 7547, source, seconds=1.2)
    assert net.router.conntrack() == before
    assert gate.status()[0].get("SYN", 0) == 0


@pytest.mark.config(firewall="iptables", syn="2/min burst 2")
@BOTH_FAMILIES
def test_syn_budget(net, agent, gate, address):
    """IPv6 sources are counted by /64: the third comes from a neighbour."""
    other = lab.ACS6_B if ":" in address else None
    for _ in range(2):
        with net.acs.connect(address, 7547) as s:
            assert status_of(ask(s, bare())) == 401
    cannot_connect(net.acs, address, other)


@pytest.mark.config(firewall="iptables", malformed="1/min burst 1", ban=3)
@BOTH_FAMILIES
def test_ban(net, agent, gate, address):
    for _ in range(2):
        with net.acs.connect(address, 7547) as s:
            s.sendall(b"\x16\x03\x01\x02")
            assert end_of(s) == "reset"
    family = "6" if ":" in address else "4"
    listed = lab.wait_until(
        lambda: net.router.run("ipset", "list", f"cwmpgate-ban{family}").stdout.partition(
            "Members:\n")[2], "banned", 3)
    assert listed.split()[0] == ("2001:db8:1::" if family == "6" else lab.ACS4)
    cannot_connect(net.acs, address)
    lab.wait_until(lambda: curl(net, address) == "200", "the ban has ended", 10)


def test_killed(net, agent, gate):
    gate.kill()
    nothing_gets_in(net, agent)
    gate.start()
    assert curl(net, lab.ROUTER4) == curl(net, lab.ROUTER6) == "200"


def test_killed_and_mangle_flushed(net, agent, gate):
    """Without the queue rules the gate alone is still closed."""
    gate.kill()
    for command in COMMANDS:
        net.router.run(command, "-t", "mangle", "-F")
    nothing_gets_in(net, agent)


@pytest.mark.parametrize("table", ["raw", "mangle", "filter"])
def test_flushed_rules_come_back(net, agent, gate, table):
    before = rules(net)
    for command in COMMANDS:
        net.router.run(command, "-t", table, "-F")
    lab.wait_until(lambda: "removed" in gate.log(), "noticed", 8)
    lab.wait_until(lambda: strip(rules(net)) == strip(before), "all is back", 8)
    assert curl(net, lab.ROUTER4) == "200"
    cannot_connect(net.stranger, lab.ROUTER4_FAR)


def strip(text):
    """Without comments, counters and what a hash begins with; sets have no order."""
    lines = [line.partition(" [")[0].partition(" initval")[0] for line in text.splitlines()
             if not line.startswith("#")]
    sets = [line for line in lines if line.startswith(("create ", "add "))]
    return [line for line in lines if line not in sets] + sorted(sets)


def test_start_again_does_not_pile_up(net, agent, gate):
    before = strip(rules(net))
    gate.stop()
    gate.start()
    assert strip(rules(net)) == before


def test_acs_changes_at_one_moment(net, agent, gate):
    """Over and over reloaded, nobody gets through between, and the ACS always does."""
    def stranger():
        return [not refused(net.stranger, lab.ROUTER4_FAR) for _ in range(12)]

    with concurrent.futures.ThreadPoolExecutor() as pool:
        tries = pool.submit(stranger)
        for acs in (["192.0.2.0/24"], ["192.0.2.10", "2001:db8:1::/64"]) * 4:
            gate.write_config(firewall="iptables", acs=acs)
            count = gate.log().count("reloaded")
            gate.signal(signal.SIGHUP)
            lab.wait_until(lambda: gate.log().count("reloaded") > count, gate.log, 10)
            assert curl(net, lab.ROUTER4) == "200"
        assert not any(tries.result())
    cannot_connect(net.acs, lab.ROUTER4, lab.NEIGHBOUR4)


def refused(host, address):
    try:
        host.connect(address, 7547, seconds=0.2).close()
        return False
    except CLOSED:
        return True


@pytest.mark.config(firewall="iptables", acs=["0.0.0.0/0", "::/0"], allow_any=True)
def test_everybody_allowed(net, agent, gate):
    for address in lab.ROUTER4_FAR, lab.ROUTER6_FAR:
        with net.stranger.connect(address, 7547) as s:
            assert status_of(ask(s, bare())) == 401


@pytest.mark.config(firewall="iptables", interfaces=["wan1"])
def test_other_interfaces_are_left_alone(net, agent, unstarted_gate):
    unstarted_gate.start()
    with net.acs.connect(lab.ROUTER4, 7547, lab.NEIGHBOUR4) as s:
        assert status_of(ask(s, bare())) == 401
    cannot_connect(net.stranger, lab.ROUTER4_FAR)


@pytest.mark.config(firewall="iptables", mode="monitor")
def test_monitor_touches_nothing(net, agent, unstarted_gate):
    gate = unstarted_gate.start()
    for kill in (False, True):
        with net.stranger.connect(lab.ROUTER4_FAR, 7547) as s:
            assert status_of(ask(s, bare())) == 401
        if not kill:
            gate.expect("NO_CREDENTIALS")
            gate.kill()


@pytest.mark.config(firewall="iptables", mode="block")
def test_block(net, agent, unstarted_gate):
    unstarted_gate.start()
    for host, address in ((net.acs, lab.ROUTER4), (net.acs, lab.ROUTER6),
                          (net.stranger, lab.ROUTER4_FAR)):
        cannot_connect(host, address)


def test_others_are_untouched(net, agent, gate):
    data = bytes(range(256)) * 400
    with Echo(net.router, 8080), Echo(net.acs, 7547):
        assert echoes(net.stranger, lab.ROUTER4_FAR, 8080, data)
        assert echoes(net.router, lab.ACS4, 7547, data)
        assert echoes(net.router, lab.ACS6, 7547, data)
    assert gate.status() == ({}, [])


def test_foreign_rules_survive(net, agent, unstarted_gate):
    """Somebody's rules and sets, also in our hooks, before, during and after."""
    net.router.run("ipset", "create", "mine", "hash:ip")
    for command in COMMANDS:
        net.router.run(command, "-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT")
        net.router.run(command, "-t", "mangle", "-A", "OUTPUT", "-j", "MARK", "--or-mark", "1")
        net.router.run(command, "-t", "raw", "-N", "MINE")
    before = strip(rules(net))
    gate = unstarted_gate.start()
    assert curl(net, lab.ROUTER4) == "200"
    gate.stop()
    assert set(before) < set(strip(rules(net)))
    assert gate.unload().returncode == 0
    assert strip(rules(net)) == before


def test_from_nftables_and_back(net, agent, gate):
    """Where a router has both, the new rules stand before the old ones go."""
    for firewall in "nftables", "iptables":
        gate.write_config(firewall=firewall)
        count = gate.log().count("reloaded")
        gate.signal(signal.SIGHUP)
        lab.wait_until(lambda: gate.log().count("reloaded") > count, gate.log, 10)
        assert ("table inet cwmpgate" in net.router.ruleset()) == (firewall == "nftables")
        assert ("CWMPGATE_GATE" in rules(net)) == (firewall == "iptables")
        assert curl(net, lab.ROUTER4) == "200"
        cannot_connect(net.stranger, lab.ROUTER4_FAR)
