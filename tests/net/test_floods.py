# SPDX-License-Identifier: GPL-2.0-or-later
"""Real tools and floods; the real ACS and the rest of the router do not notice.

A digest exchange on new connections and DNS queries go on beside each (see
bystanders.py): all of them are served, the agent's listen queues and descriptors
stay as they are without a flood, and only checked requests reach it.  How long
the exchanges took is printed at the end of the module, and is in the JUnit file.
"""

import contextlib
import re
import time

import pytest

import lab
from bystanders import (ACS_PAUSE, HEADING, Bystanders, FarClient, Tools, attacker_address, crowd,
                        more_addresses, queue_dropped, quiet_attacker, tool)
from heads import authorized, bare, get_challenge, status_of
from replayed import FLOOD

# Everybody on the ACS's side is allowed.  The budgets leave room for an ACS that
# asks 20 times a second; what a source has no proof for is a tenth of all.
SETTINGS = {
    "acs": ["192.0.2.0/24", "2001:db8:1::/64"],
    "attempts": "50/s burst 50",
    "requests": "50/s burst 50",
    "all_requests": "200/s burst 200",
    "syn": "100/s burst 200",
    "malformed": "1000000/s burst 1000000",
}
ALLOWED = lab.ACS4_B
FLOOD_S = 4

pytestmark = [pytest.mark.config(**SETTINGS), pytest.mark.not_replayed(FLOOD)]


def flood_config(**more):
    return pytest.mark.config(**{**SETTINGS, **more})


@pytest.fixture(scope="module")
def table(request):
    lines = []
    yield lines
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        print("\n" + "\n".join([HEADING, *lines]), flush=True)


@pytest.fixture
def pause():
    """Between two exchanges of the ACS."""
    return ACS_PAUSE


@pytest.fixture
def beside(net, agent, gate, pause, table, request, record_property):
    running = Bystanders(net, agent, gate, pause)
    attacker_address(net, ALLOWED)
    running.start()
    yield running
    running.stop()
    name = request.node.name.removeprefix("test_")
    for row in running.rows:
        record_property(f"{row.name} served", f"{row.success:.1f} %")
        record_property(f"{row.name} p50 ms", f"{row.p50:.1f}")
        record_property(f"{row.name} p99 ms", f"{row.p99:.1f}")
        row.name = f"{row.name} {name}"
        table.append(str(row))
    running.check()


# -- scanners ------------------------------------------------------------------

PORTS = ",".join(map(str, lab.PORTS))
NMAP = ("nmap", "-n", "-Pn", "-T4", "--max-retries", 1, "--host-timeout", "7s", "-p", PORTS)
SCRIPTS = ("--script", "http-title,http-headers,http-auth,http-methods,"
           "http-vuln-misfortune-cookie,http-slowloris-check")
SCANS = {
    "connect and syn": [("-sT",), ("-sS",)],
    "fin null xmas ack": [("-sF",), ("-sN",), ("-sX",), ("-sA",)],
    "version": [("-sV",)],
    "os": [("-O", "--osscan-guess", "--max-os-tries", 1)],
    "http scripts": [SCRIPTS],
}
# What the scanner is to believe of an open port when it is allowed.
OPEN, SILENT = r"^7547/tcp +open ", r"^7547/tcp +(open\|)?filtered "
EXPECTED = {"-sF": SILENT, "-sN": SILENT, "-sX": SILENT, "-sA": SILENT}


def scans(host, target, kinds):
    tools = Tools()
    for kind in kinds:
        tools.add(host, *NMAP, *kind, target)
    return list(zip((k[0] for k in kinds), tools.wait(8)))


@pytest.mark.parametrize("name", SCANS)
def test_nmap_allowed(net, beside, name):
    for kind, said in scans(net.acs, lab.ROUTER4, SCANS[name]):
        if "due to host timeout" not in said:
            assert re.search(EXPECTED.get(kind, OPEN), said, re.M), said
        assert not re.search("easycwmp|VULNERABLE|realm", said), said


def test_nmap_stranger(net, beside):
    """All kinds of scan at once, and not a packet in return."""
    kinds = [k for kinds in SCANS.values() for k in kinds]
    for _, said in scans(net.stranger, lab.ROUTER4_FAR, kinds):
        assert re.search(SILENT, said, re.M) or "due to host timeout" in said, said
        assert not re.search(r"^\d+/tcp +(open|closed|unfiltered) ", said, re.M), said


def masscan(host, target, source, mac):
    return tool(host, "timeout", "-s", "INT", "-k", 1, 3, "masscan", target, "-p", PORTS, "--banners",
                "--source-ip", source, "--source-port", 61000, "--adapter", "eth0",
                "--router-mac", mac, "--rate", 1000, "--retries", 3, "--wait", 1)


def test_masscan_allowed(net, beside):
    """Its own TCP, for a source that no kernel owns, with a GET of its own."""
    source = "192.0.2.12"
    net.router.configure(f"neighbour replace {source} lladdr {net.acs.mac('eth0')} dev wan0\n")
    said = masscan(net.acs, lab.ROUTER4, source, net.router.mac("wan0"))
    assert "open port 7547/tcp" in said and "Banner" not in said, said


def test_masscan_stranger(net, beside):
    said = masscan(net.stranger, lab.ROUTER4_FAR, "198.51.100.67", net.router.mac("wan1"))
    assert "rate:" in said and "open port" not in said, said


# -- slow clients --------------------------------------------------------------

SLOW = {
    "headers": ("-H", "-i", 1, "-x", 10),
    "body": ("-B", "-i", 1, "-s", 4096),
    "read": ("-X", "-w", 1, "-y", 10, "-n", 1, "-z", 5, "-k", 3),
    "range": ("-R",),
}


@pytest.mark.parametrize("name", SLOW)
def test_slowhttptest(net, agent, beside, name):
    """400 connections, 200 a second; none is the agent's before it is checked."""
    said = tool(net.acs, "slowhttptest", *SLOW[name], "-c", 400, "-r", 200, "-l", FLOOD_S + 1,
                "-p", 1, "-u", f"http://{lab.ROUTER4}:7547/cr", seconds=8)
    assert "connected" in said, said


# -- floods of packets ---------------------------------------------------------

def hping3(tools, host, *arguments, us, source=None, target=lab.ROUTER4, port=7547):
    """One packet every @us microseconds, from one source port after the other."""
    tools.add(host, "timeout", FLOOD_S, "hping3", "-q", "-n", "-i", f"u{us}", "-p", port,
              *(("-a", source) if source else ()), *arguments, target)


BLIND = {
    "ack": ("-A",),
    "push ack data": ("-P", "-A", "-d", 100),
    "rst": ("-R",),
    "fin": ("-F",),
    "fin ack": ("-F", "-A"),
    "xmas": ("-F", "-P", "-U"),
}


def test_hping3_blind(net, beside, gate):
    """Packets without a connection, of all kinds at once, some in the ACS's name."""
    tools = Tools()
    for flags in BLIND.values():
        hping3(tools, net.acs, *flags, us=500, source=ALLOWED)
        hping3(tools, net.acs, *flags, us=1000, source=lab.ACS4)
    tools.wait(8)
    assert gate.count("NO_FLOW") > 1000


def test_hping3_stranger(net, beside):
    tools = Tools()
    for flags in [("-S",), *BLIND.values()]:
        hping3(tools, net.stranger, *flags, us=200, target=lab.ROUTER4_FAR)
    tools.wait(8)


def syn_flood(net, sources):
    """3000 to 8000 a second, thousands of which are within the sources' budgets."""
    quiet_attacker(net)
    tools = Tools()
    for source in sources:
        hping3(tools, net.acs, "-S", us=125 * len(sources), source=source)
    return tools


@pytest.mark.parametrize("cookies", [0, 1, 2])
def test_hping3_syn(net, beside, gate, cookies):
    """One allowed source; the agent's kernel is not left with its handshakes."""
    net.router.sysctl("net.ipv4.tcp_syncookies", cookies)
    syn_flood(net, [ALLOWED]).wait(8)
    assert gate.count("SYN") > 200


@pytest.mark.parametrize("cookies", [1, 2])
def test_hping3_syn_from_many(net, beside, gate, cookies):
    """24 allowed sources together."""
    net.router.sysctl("net.ipv4.tcp_syncookies", cookies)
    syn_flood(net, more_addresses(net, 24)).wait(8)
    assert gate.count("SYN") > 2000


def test_hping3_syn_from_many_without_cookies(net, beside):
    """No kernel has room for the ACS then, gate or not; agent and DNS have their peace."""
    net.router.sysctl("net.ipv4.tcp_syncookies", 0)
    syn_flood(net, more_addresses(net, 24)).wait(8)
    beside.expects_service = False


def test_far_acs(net, beside):
    """A handshake that takes 200 ms is not forgotten over thousands of spoofed ones."""
    tools = syn_flood(net, more_addresses(net, 24))
    time.sleep(0.5)
    for _ in range(5):
        with FarClient(net, 0.2) as c:
            assert status_of(c.ask(bare())) == 401, f"no answer, reset {c.reset}"
    tools.wait(8)


# -- floods of connections -----------------------------------------------------

@pytest.mark.parametrize("first", [b"", b"GET /cr HTTP/1.1\r\n"], ids=["silent", "half a head"])
def test_connections_from_one(net, beside, first):
    ended = crowd(net, seconds=FLOOD_S, most=600, rate=1000, sources=[ALLOWED], words=first)
    assert ended["connected"] > 300, ended
    assert "HTTP/1.1 401 Unauthorized" not in ended


@pytest.mark.parametrize("first", [b"", b"GET /cr HTTP/1.1\r\n"], ids=["silent", "half a head"])
def test_connections_from_many(net, beside, first):
    ended = crowd(net, seconds=FLOOD_S, most=1500, rate=1500, sources=more_addresses(net, 200),
                  words=first)
    assert ended["connected"] > 1000, ended
    assert "HTTP/1.1 401 Unauthorized" not in ended


def test_get_flood_from_one(net, agent, beside, gate):
    beside.allowed_peers.add(ALLOWED)
    beside.at_once = 50
    ended = crowd(net, seconds=FLOOD_S, most=50, rate=1000, sources=[ALLOWED], words=bare())
    assert ended["connected"] > 300, ended
    gate.expect("OVER_ATTEMPTS")
    assert sum(c.peer == ALLOWED for c in agent.connections()) < 50 + 50 * (FLOOD_S + 2)


def test_get_flood_from_many(net, agent, beside, gate):
    sources = more_addresses(net, 200)
    beside.allowed_peers.update(sources)
    beside.at_once = 100
    ended = crowd(net, seconds=FLOOD_S, most=200, rate=1000, sources=sources, words=bare())
    assert ended["connected"] > 1000, ended
    gate.expect("OVER_ATTEMPTS")


def test_guessing(net, agent, beside, gate):
    """Wrong digests over a nonce that is known."""
    challenge = get_challenge(net.acs, lab.ROUTER4, source=ALLOWED)
    beside.allowed_peers.add(ALLOWED)
    beside.at_once = 50
    crowd(net, seconds=FLOOD_S, most=50, rate=1000, sources=[ALLOWED],
          words=authorized(challenge, password="guess"))
    gate.expect("DIGEST_WRONG")
    gate.expect("OVER_ATTEMPTS")
    assert not any(b"Authorization" in head for c in agent.connections()
                   if c.peer == ALLOWED for head in [c.bytes])


@flood_config(malformed="20/min burst 20", ban=60)
def test_malformed_until_banned(net, beside, gate):
    ended = crowd(net, seconds=FLOOD_S, most=50, rate=1000, sources=[ALLOWED],
                  words=b"POST /cr HTTP/1.1\r\n\r\n")
    assert 20 < ended["ECONNRESET"] < 200, ended
    assert ALLOWED in net.router.run("nft", "list", "set", "inet", "cwmpgate", "ban4").stdout


def test_queue_overflow(net, beside):
    """More packets than the guard takes: the queue drops, nobody is let through."""
    tools = Tools()
    for port in lab.PORTS:
        tools.add(net.acs, "timeout", FLOOD_S, "hping3", "-q", "-n", "--flood", "-A", "-a",
                  ALLOWED, "-p", port, lab.ROUTER4)
    tools.wait(8)
    assert queue_dropped(net.router) > 0


# As shipped, and an ACS that asks as often as these budgets let it.
SHIPPED = pytest.mark.config(acs=SETTINGS["acs"], attempts=None, requests=None,
                             all_requests=None, syn=None)


@SHIPPED
@pytest.mark.parametrize("pause", [0.5])
def test_shipped_budgets(net, beside, gate):
    """200 sources ask without credentials, more than all may have together."""
    sources = more_addresses(net, 200)
    beside.allowed_peers.update(sources)
    beside.at_once = 100
    crowd(net, seconds=FLOOD_S, most=200, rate=500, sources=sources, words=bare())
    gate.expect("OVER_ATTEMPTS")
