# SPDX-License-Identifier: GPL-2.0-or-later
"""A router that has iptables and ipset alone: the same promises, other rules."""

import concurrent.futures
import re
import signal
import socket

import pytest

import lab
from command import COMMAND, OK, as_json, cwmpgate, good
from gate import ENVIRONMENT
from heads import ask, bare, end_of, status_of
from replayed import BLOCKED, RELOADED, RULES
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


@pytest.mark.not_replayed(RULES)
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


@pytest.mark.not_replayed(RELOADED)
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


@pytest.mark.not_replayed(BLOCKED)
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


@pytest.mark.not_replayed(RELOADED)
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


# -- the command ---------------------------------------------------------------

def test_status(net, agent, gate):
    text = good(gate, "status")
    assert re.search(r"^rules +loaded; they are in iptables and ipset", text, re.M)
    assert re.search(r"^acs +192\.0\.2\.10/31, 2001:db8:1::10/127", text, re.M), text
    gate.stop()
    assert "nothing reaches the agent until the daemon is back" in cwmpgate(gate, "status").stdout
    gate.unload()
    assert "as open as without it" in cwmpgate(gate, "status").stdout


@BOTH_FAMILIES
def test_bans(net, agent, gate, address):
    """They are listed, explained and ended, by family as ipset keeps them."""
    source, banned = (lab.ACS6, "2001:db8:1::") if ":" in address else (lab.ACS4, lab.ACS4)
    assert as_json(gate, "bans") == []
    good(gate, "ban", source, "3600")
    (ban,) = as_json(gate, "bans")
    assert ban["source"] == banned and 3000 < ban["seconds_left"] <= 3600
    assert 'cwmpgate_bans 1\n' in good(gate, "metrics")
    assert "banned now" in good(gate, "explain", source)
    good(gate, "unban", source)
    assert as_json(gate, "bans") == []
    assert curl(net, address) == "200"


@pytest.mark.parametrize("source, what", [
    (lab.ACS4, "acs"), (lab.ACS6, "acs"), (lab.STRANGER4, "in no prefix of acs: dropped"),
    (lab.STRANGER6, "in no prefix of acs: dropped")])
def test_explain(net, agent, gate, source, what):
    text = good(gate, "explain", source)
    assert ("in no prefix of acs" in text) == (what != "acs") and what in text


@BOTH_FAMILIES
def test_counters(net, agent, gate, address):
    def counters():
        found = re.findall(r'^cwmpgate_rules_packets_total\{counter="(\w+)"\} (\d+)$',
                           good(gate, "metrics"), re.M)
        return {name: int(n) for name, n in found}
    before = counters()
    assert set(before) == {"banned", "not_acs", "syn_over_rate", "unmarked"}
    far = lab.ROUTER6_FAR if ":" in address else lab.ROUTER4_FAR
    cannot_connect(net.stranger, far)
    after = counters()
    assert after["not_acs"] > before["not_acs"]
    assert {n: k for n, k in after.items() if n != "not_acs"} == \
        {n: k for n, k in before.items() if n != "not_acs"}


def test_metrics_file(net, agent, unstarted_gate):
    """What the daemon writes by itself."""
    file = net.dir / "metrics.prom"
    unstarted_gate.write_config(firewall="iptables", metrics_file=str(file))
    unstarted_gate.start()
    text = lab.wait_until(lambda: file.exists() and file.read_text(), "written")
    assert "cwmpgate_rules_present 1\n" in text
    assert 'cwmpgate_rules_packets_total{counter="not_acs"}' in text


# -- doctor --------------------------------------------------------------------

WITHOUT_NFT = """\
mkdir -p {0} && mount -t tmpfs tmpfs {0} && mkdir {0}/up {0}/work &&
mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir={0}/up,workdir={0}/work /usr/sbin &&
rm /usr/sbin/nft && exec "$@"
"""


def run_without_nft(net, *argv):
    """A /usr/sbin in which there is no nft, for this one program."""
    return net.router.run("sh", "-c", WITHOUT_NFT.format(net.dir / "layers"), "sh", *argv,
                          check=False, env=ENVIRONMENT)


def said(text, kind, what):
    assert any(what in line for line in re.findall(rf"^{kind} +(.*)$", text, re.M)), text


def test_doctor(net, agent, gate):
    text = good(gate, "doctor")
    for what in ("backend iptables: iptables and ipset are there, and the kernel took the rules",
                 "iptables: no rule of others is in the way",
                 "ip6tables: no rule of others is in the way", "queue 7547 is the daemon's"):
        said(text, "good", what)
    assert "nftables" not in text and "nft and the kernel" not in text


def test_doctor_without_nft(net, agent, gate):
    """Nothing of it is missed."""
    done = run_without_nft(net, COMMAND, "-c", gate.config, "doctor")
    assert done.returncode == OK, done
    said(done.stdout, "good", "iptables: no rule of others is in the way")
    gate.stop()
    gate.unload()
    gate.write_config()			# firewall = "auto"
    text = run_without_nft(net, COMMAND, "-c", gate.config, "doctor").stdout
    said(text, "good", "backend iptables: iptables and ipset are there")
    said(text, "BAD ", "the rules are not in the kernel")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("rules_of_others, kind, what", [
    (["-I INPUT 1 -p icmp -j ACCEPT"], "odd", "table filter of {} chain INPUT another rule comes before"),
    (["-t mangle -I OUTPUT 1 -p udp -j ACCEPT"], "odd",
     "table mangle of {} chain OUTPUT another rule comes before"),
    (["-P INPUT DROP", "-A INPUT -p tcp --dport 22 -j ACCEPT"], "odd",
     "table filter of {} drops what it does not accept, and names no guarded port"),
    (["-P INPUT DROP", "-A INPUT -p tcp -m multiport --dports 22,7547 -j ACCEPT"], "good",
     "{}: no rule of others is in the way"),
    (["-t mangle -A INPUT -j MARK --set-mark 0x40000001"], "BAD ", "table mangle of {} sets the mark"),
    (["-t mangle -A INPUT -j MARK --or-mark 0x1"], "good", "{}: no rule of others is in the way"),
    (["-t mangle -A PREROUTING -j MARK --set-mark 1"], "BAD ", "table mangle of {} sets the mark"),
    (["-t mangle -A INPUT -j CONNMARK --restore-mark"], "BAD ", "table mangle of {} sets the mark"),
    (["-t mangle -A INPUT -j CONNMARK --restore-mark --mask 0xff"], "good",
     "{}: no rule of others is in the way"),
    (["-t raw -A PREROUTING -p tcp -j CT --notrack"], "odd",
     "table raw of {} takes packets out of connection tracking"),
    (["-t raw -A PREROUTING -p tcp --dport 80 -j CT --notrack"], "good",
     "{}: no rule of others is in the way"),
    (["-t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 7547"], "odd",
     "table nat of {} redirects a guarded port"),
    (["-A INPUT -p tcp --dport 53 -j NFQUEUE --queue-num 9"], "odd",
     "table filter of {} has a queue of its own"),
    (["-t raw -F PREROUTING"], "BAD ", "3 of 4 rules that lead to cwmpgate's are in {}"),
])
def test_doctor_rules_of_others(net, agent, gate, command, rules_of_others, kind, what):
    """Without the daemon, which would put its own back."""
    gate.stop()
    for rule in rules_of_others:
        net.router.run(command, *rule.split())
    text = cwmpgate(gate, "doctor").stdout
    net.router.run(command, "-P", "INPUT", "ACCEPT")
    said(text, kind, what.format(command.removesuffix("-legacy")))


def test_doctor_old_tables_of_others(net, agent, unstarted_gate):
    """They are looked at where our own rules are nft's, too."""
    gate = unstarted_gate
    gate.write_config(firewall="nftables")
    gate.start()
    net.router.run("iptables-legacy", "-t", "mangle", "-A", "INPUT", "-j", "MARK", "--set-mark", "1")
    text = cwmpgate(gate, "doctor").stdout
    said(text, "BAD ", "table mangle of iptables sets the mark")
    said(text, "good", "nft and the kernel have all")
