# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rules do before the daemon sees anything, and what they leave alone."""

import re
import socket
import threading

import pytest
from scapy.layers.inet import TCP
from scapy.layers.inet6 import (IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting, PadN)

import lab
from heads import ask, bare, status_of
from rawclient import RawClient
from replayed import FORWARDED
from test_good import curl, served_bare

OUTSIDERS = [
    ("stranger", None, lab.ROUTER4_FAR), ("stranger", None, lab.ROUTER6_FAR),
    ("stranger", None, lab.ROUTER4), ("acs", lab.NEIGHBOUR4, lab.ROUTER4),
]


class Echo:
    """A service that says what it hears, until the client is done."""

    def __init__(self, host, port, address="::"):
        self.socket = host.listen(address, port)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            while True:
                s, _ = self.socket.accept()
                with s:
                    while data := s.recv(65536):
                        s.sendall(data)
        except OSError:
            return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def echoes(host, address, port, data):
    with host.connect(address, port) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: s.recv(65536), b"")) == data


@pytest.mark.parametrize("port", lab.PORTS)
@pytest.mark.parametrize("host,source,address", OUTSIDERS)
def test_outsiders_get_no_answer(net, agent, gate, host, source, address, port):
    """Neither SYN-ACK nor RST nor ICMP, and no entry in the table."""
    before = net.router.conntrack()
    with pytest.raises(socket.timeout):
        getattr(net, host).connect(address, port, source, seconds=1.2)
    assert net.router.conntrack() == before
    assert gate.status()[0].get("SYN", 0) == 0


def test_outsider_data_without_handshake(net, agent, gate):
    before = net.router.conntrack()
    with RawClient(net, source=lab.NEIGHBOUR4) as c:
        for flags in ("S", "A", "PA", "FA", "R", "SA", ""):
            c.send(bare(), flags=flags, at=0)
        assert not c.wait(lambda: c.segments, 0.3)
    assert net.router.conntrack() == before


EXTENDED = {
    "destination options": [IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])],
    "hop by hop": [IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])],
    "routing": [IPv6ExtHdrRouting(type=4, segleft=0)],
    "two headers": [IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]),
                    IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])],
    "atomic fragment": [IPv6ExtHdrFragment(offset=0, m=0, id=7)],
}


def extended(client, headers, tcp, data=b""):
    packet = client.ip_header()
    for h in headers:
        packet = packet / h.copy()
    return packet / tcp / data


@pytest.mark.parametrize("name", EXTENDED)
def test_ipv6_extension_header_on_the_syn(net, agent, gate, name):
    with RawClient(net, lab.ROUTER6) as c:
        syn = TCP(sport=c.sport, dport=7547, flags="S", seq=c.isn, options=c.options(syn=True))
        c.put(extended(c, EXTENDED[name], syn))
        assert not c.wait(lambda: c.segments, 0.5)
    assert agent.connections() == []


@pytest.mark.parametrize("name", EXTENDED)
def test_ipv6_extension_header_on_data(net, agent, gate, name):
    evil = b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"
    with RawClient(net, lab.ROUTER6) as c:
        c.open()
        c.put(extended(c, EXTENDED[name], c.tcp("PA", 0), evil))
        c.send(bare())
        served_bare(c)


@pytest.mark.parametrize("first", [24, 32, 40])
def test_ipv6_fragments(net, agent, gate, first):
    """The second fragment has no ports: matching on them misses it."""
    with RawClient(net, lab.ROUTER6) as c:
        c.open()
        whole = bytes(c.ip_header() / c.tcp("PA", 0) / bare())[40:]
        for offset, piece, more in ((0, whole[:first], 1), (first // 8, whole[first:], 0)):
            c.put(c.ip_header() / IPv6ExtHdrFragment(nh=6, offset=offset, m=more, id=99) / piece)
        assert not c.wait(lambda: c.received or c.acked > 1, 0.5)
        assert agent.connections() == []
        c.send(bare())
        served_bare(c)


def test_other_services_are_untouched(net, agent, gate):
    """Bytes of any kind, from anybody, to any port that is not guarded."""
    data = bytes(range(256)) * 400
    with Echo(net.router, 8080):
        for host, addresses in ((net.acs, (lab.ROUTER4, lab.ROUTER6)),
                                (net.stranger, (lab.ROUTER4_FAR, lab.ROUTER6_FAR))):
            for address in addresses:
                assert echoes(host, address, 8080, data)
    assert gate.status() == ({}, [])


def test_udp_is_untouched(net, agent, gate):
    """Connection requests over UDP (TR-069 Annex G) are nobody's business here."""
    with net.router.socket(kind=socket.SOCK_DGRAM) as service, \
            net.stranger.socket(kind=socket.SOCK_DGRAM) as client:
        service.bind(("", 7547))
        service.settimeout(2)
        client.sendto(b"GET http://cpe?ts=1 HTTP/1.1\r\n\r\n", (lab.ROUTER4_FAR, 7547))
        assert service.recv(2000).startswith(b"GET ")
    assert gate.status() == ({}, [])


@pytest.mark.parametrize("port", lab.PORTS)
def test_outbound_sessions_are_untouched(net, agent, gate, port):
    """The agent's own session to an ACS that happens to use the same port."""
    data = b"POST / HTTP/1.1\r\n\r\n" + bytes(range(256)) * 400
    with Echo(net.acs, port):
        assert echoes(net.router, lab.ACS4, port, data)
        assert echoes(net.router, lab.ACS6, port, data)
    assert gate.status() == ({}, [])


@pytest.mark.not_replayed(FORWARDED)
def test_forwarded_traffic_is_untouched(net, agent, gate):
    """Traffic through the router to port 7547 of somebody else."""
    net.router.sysctl("net.ipv4.ip_forward", 1)
    net.router.sysctl("net.ipv6.conf.all.forwarding", 1)
    data = bytes(range(256)) * 400
    with Echo(net.stranger, 7547):
        assert echoes(net.acs, lab.STRANGER4, 7547, data)
        assert echoes(net.acs, lab.STRANGER6, 7547, data)
    assert gate.status() == ({}, [])


def test_unload_opens_and_leaves_nothing(net, agent, unstarted_gate):
    gate = unstarted_gate
    gate.start()
    gate.stop()
    assert gate.unload().returncode == 0
    assert net.router.ruleset() == ""
    with net.stranger.connect(lab.ROUTER4_FAR, 7547) as s:
        assert status_of(ask(s, bare())) == 401


def test_unload_twice(net, unstarted_gate):
    assert unstarted_gate.unload().returncode == 0
    assert net.router.ruleset() == ""


def meaning(ruleset):
    """The tables without their order, and without base chains that do nothing.

    iptables-nft makes such chains in its tables and leaves them there.
    """
    ruleset = re.sub(r"\tchain \S+ \{\n\t\ttype [^\n]*policy accept;\n\t\}\n\n?", "", ruleset)
    return sorted(re.findall(r"^table .*?^\}$", re.sub(r"\n+\}", "\n}", ruleset), re.M | re.S))


def test_other_rules_survive(net, agent, unstarted_gate):
    """Somebody else's tables are there before, during and after."""
    net.router.run("nft", "add table inet other")
    net.router.run("nft", "add chain inet other input { type filter hook input priority 0; }")
    net.router.run("nft", "add rule inet other input tcp dport 22 accept")
    net.router.run("iptables-nft", "-t", "mangle", "-A", "INPUT", "-p", "tcp", "--dport", "23",
                   "-j", "ACCEPT")
    others = net.router.ruleset()
    gate = unstarted_gate.start()
    assert curl(net, lab.ROUTER4) == "200"
    gate.stop()
    assert gate.unload().returncode == 0
    assert meaning(net.router.ruleset()) == meaning(others)


def test_start_again_does_not_pile_up(net, agent, unstarted_gate):
    gate = unstarted_gate.start()
    once = net.router.ruleset()
    for _ in range(2):
        gate.stop()
        gate.start()
    assert meaning(net.router.ruleset()) == meaning(once)
