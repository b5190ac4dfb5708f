# SPDX-License-Identifier: GPL-2.0-or-later
"""What an attacker on an allowed address sends: TCP and IP.

The gate must see what the agent's kernel will see, or see to it that neither
sees it.  Most tests send something that one of the two might take and the
other might not, and then an honest request, which is served.
"""

import pytest
from scapy.layers.inet import TCP, fragment

import lab
from heads import ask, bare, end_of, status_of
from rawclient import RawClient
from test_good import served_bare

EVIL = b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"
NOP = ("NOP", None)


def odd_options(raw):
    """@raw in the place of the options: what scapy would not write."""
    return {"options": [], "dataofs": 5 + len(raw) // 4, "data": raw + EVIL}


# name: (fields of the segment that carries EVIL, the reason or None if the
# kernel may be quicker to drop it)
INSERTED = {
    "bad checksum": ({"chksum": 0x1234}, "BAD_CHECKSUM"),
    "urgent": ({"flags": "PAU", "urgptr": 3}, "URGENT"),
    "md5 option": ({"options": [(19, bytes(16)), NOP, NOP]}, "BAD_OPTION"),
    "authentication option": ({"options": [(29, bytes(14))]}, "BAD_OPTION"),
    "unknown option": ({"options": [(253, b"ab")]}, "BAD_OPTION"),
    "option of length 0": (odd_options(b"\x08\x00\x01\x01"), "BAD_OPTION"),
    "option of length 1": (odd_options(b"\x08\x01\x01\x01"), "BAD_OPTION"),
    "option past the header": (odd_options(b"\x01\x01\x08\x0a"), "BAD_OPTION"),
    "data offset below 5": ({"dataofs": 4}, None),
    "data offset past the end": ({"dataofs": 15, "data": b"abcd"}, None),
    "reserved bits": ({"reserved": 7}, None),
    "no flags": ({"flags": ""}, None),
    "no ack flag": ({"flags": "P"}, None),
    "syn and fin": ({"flags": "SF"}, None),
    "all flags": ({"flags": "FSPAU"}, None),
    "syn in the flow": ({"flags": "S"}, None),
    "syn in the flow, other number": ({"flags": "S", "at": 5000}, None),
    "syn-ack": ({"flags": "SA"}, None),
    "no timestamp": ({"options": []}, "BAD_TIMESTAMP"),
    "acknowledges the future": ({"ack_by": 100000}, None),
    "acknowledges the past": ({"ack_by": -100000}, None),
    "far ahead": ({"at": 2000000}, None),
    "far behind": ({"at": -100000}, None),
    "one byte early": ({"at": -1, "data": b"G"}, None),
    "fin with a bad checksum": ({"flags": "FA", "data": b"", "chksum": 0x1234}, "BAD_CHECKSUM"),
    "fin far ahead": ({"flags": "FA", "data": b"", "at": 60000}, None),
    "rst ahead": ({"flags": "R", "data": b"", "at": 10}, "RST_SEQ"),
    "rst behind": ({"flags": "R", "data": b"", "at": -10}, None),
    "rst with a bad checksum": ({"flags": "R", "data": b"", "chksum": 0x1234}, "BAD_CHECKSUM"),
    "rst with an md5 option": (
        {"flags": "R", "data": b"", "options": [(19, bytes(16)), NOP, NOP]}, "BAD_OPTION"),
}


def insert(client, fields):
    fields = dict(fields)
    fields.setdefault("at", client.next)
    if "ack_by" in fields:
        fields["ack"] = client.their_next + fields.pop("ack_by")
    client.send(fields.pop("data", EVIL), **fields)


@pytest.mark.parametrize("address", [lab.ROUTER4, lab.ROUTER6])
@pytest.mark.parametrize("name", INSERTED)
def test_inserted_before_the_head(net, agent, gate, name, address):
    """Dropped, as if it had never been sent."""
    fields, reason = INSERTED[name]
    net.router.sysctl("net.netfilter.nf_conntrack_checksum", 0)
    with RawClient(net, address) as c:
        c.open()
        insert(c, fields)
        if reason:
            gate.expect(reason)
        c.send(bare())
        served_bare(c)
    assert len(agent.heads()) == 1


@pytest.mark.parametrize("name", INSERTED)
def test_inserted_inside_the_head(net, agent, gate, name):
    fields, _ = INSERTED[name]
    head = bare()
    net.router.sysctl("net.netfilter.nf_conntrack_checksum", 0)
    with RawClient(net) as c:
        c.open()
        c.send(head[:20])
        assert c.wait_ack(20)
        insert(c, {"at": 20, **fields})
        c.send(head[20:])
        served_bare(c)
    assert len(agent.heads()) == 1


@pytest.mark.dialect("ccsp")
@pytest.mark.parametrize("name", INSERTED)
def test_inserted_between_requests(net, agent, gate, name):
    """The same with a connection that the agent has."""
    fields, _ = INSERTED[name]
    net.router.sysctl("net.netfilter.nf_conntrack_checksum", 0)
    with RawClient(net) as c:
        c.open()
        c.send(bare())
        assert status_of(c.answer()) == 401
        c.wait(lambda: len(c.received) > 250, 1)
        c.received = b""
        insert(c, fields)
        c.send(bare())
        served_bare(c)
    assert len(agent.heads()) == 2


CONFLICTS = {
    "other bytes again": [(0, b"GET /cr HTTP"), (0, b"GET /xx HTTP")],
    "covers and differs": [(0, b"GET /cr HTTP"), (4, b"/xx HTTP/1.1\r\n")],
    "one byte differs at the end": [(0, b"GET /cr HTTP/1.1\r"), (0, b"GET /cr HTTP/1.1\n")],
    "in the middle": [(0, b"GET /c"), (6, b"r HT"), (4, b"/xx HT")],
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_conflicting_overlap(net, agent, gate, name):
    with RawClient(net) as c:
        c.open()
        for at, data in CONFLICTS[name]:
            c.send(data, at=at)
        assert c.wait_reset()
    gate.expect("CONFLICT")
    assert agent.connections() == []


def test_overlap_ahead_of_sequence(net, agent, gate):
    """What came too early has no say in what the head is."""
    head = bare()
    with RawClient(net) as c:
        c.open()
        c.send(EVIL[10:], at=10)
        c.send(head[:20])
        assert c.wait_ack(20)
        c.send(head[20:])
        served_bare(c)


def test_gap_larger_than_a_head(net, agent, gate):
    """No request can begin so: what would fill the gap is over the limit."""
    with RawClient(net) as c:
        c.open()
        c.send(bare()[:20])
        assert c.wait_ack(20)
        c.send(EVIL, at=5000)
        assert c.wait_reset()
    gate.expect("HEAD_TOO_LONG")
    assert agent.connections() == []


def test_exact_reset_ends_the_flow(net, agent, gate):
    with RawClient(net) as c:
        c.open()
        c.send(bare()[:20])
        assert c.wait_ack(20)
        c.send(flags="R")
        gate.expect("RESET")
        c.send(bare()[20:])
        assert not c.wait(lambda: c.received, 0.3)
    assert agent.connections() == []


@pytest.mark.dialect("ccsp")
def test_exact_reset_reaches_the_agent(net, agent, gate):
    with RawClient(net) as c:
        c.open()
        c.send(bare())
        c.answer()
        c.send(flags="R")
        assert [x.end for x in agent.wait_for_end()] == ["reset"]


@pytest.mark.parametrize("flags", ["A", "PA", "FA", "R", "RA", "SA"])
@pytest.mark.parametrize("address", [lab.ROUTER4, lab.ROUTER6])
def test_no_flow(net, agent, gate, address, flags):
    """Nothing is taken up in the middle, and nothing is answered."""
    with RawClient(net, address) as c:
        c.send(bare(), flags=flags)
        assert not c.wait(lambda: c.segments, 0.3)
    assert agent.connections() == []


def test_guessed_acknowledgement(net, agent, gate):
    """A spoofed handshake with a SYN-ACK that the client never saw."""
    with RawClient(net) as c:
        c.syn()
        assert c.synack()
        c.send(EVIL, at=0, ack=c.their_next + 5000)
        c.send(bare())
        served_bare(c)


def test_urgent_pointer_without_flag(net, agent, gate):
    """RFC 9293 3.1: not to be looked at, and it takes no byte away."""
    with RawClient(net) as c:
        c.open()
        c.send(bare(), urgptr=3)
        served_bare(c)


def test_data_on_the_syn(net, agent, gate):
    with RawClient(net) as c:
        c.put(c.ip_header() / TCP(sport=c.sport, dport=7547, flags="S", seq=c.isn,
                                  options=c.options(syn=True)) / EVIL)
        c.wait(lambda: c.their_next, 0.5)
        c.syn()
        assert c.synack()
        c.send(bare())
        served_bare(c)


def test_bytes_after_the_ip_packet(net, agent, gate):
    """What the link adds belongs to nobody."""
    with RawClient(net) as c:
        c.open()
        packet = bytes(c.ip_header() / c.tcp("PA") / bare())
        c.next += len(bare())
        c.wire.send(bytes(c.ethernet)[:12] + b"\x08\x00" + packet + b"JUNKJUNK")
        served_bare(c)


@pytest.mark.parametrize("size", [8, 24, 64])
def test_ipv4_fragments(net, agent, gate, size):
    """Put together, or dropped; never judged apart."""
    with RawClient(net) as c:
        c.open()
        for piece in reversed(fragment(c.ip_header() / c.tcp("PA") / bare(), size)):
            c.put(piece)
        c.wait(lambda: c.received or c.reset, 0.5)
    assert len(agent.heads()) <= 1


def test_ipv4_options(net, agent, gate):
    """No router option has a place here."""
    from scapy.layers.inet import IPOption_NOP, IPOption_RR
    with RawClient(net) as c:
        c.open()
        for option in (IPOption_NOP(), IPOption_RR(routers=["0.0.0.0"])):
            c.send(EVIL, at=0, ip={"options": [option]})
        gate.expect("BAD_IP", n=2)
        c.send(bare())
        served_bare(c)


@pytest.mark.dialect("ccsp")
def test_close_is_a_close_for_both(net, agent, gate):
    """After the client's FIN nothing more gets in on the connection."""
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, bare())) == 401
    agent.wait_for_end()
    with RawClient(net) as c:
        c.open()
        c.send(bare())
        c.answer()
        c.close()
        c.send(EVIL)
        c.wait(lambda: c.reset, 0.3)
    assert len(agent.heads()) == 2


def test_refusal_is_heard_again(net, agent, gate):
    """A client that missed the reset and goes on gets nothing in."""
    with RawClient(net) as c:
        c.open()
        c.send(b"POST / HTTP/1.1\r\n\r\n")
        assert c.wait_reset()
        c.send(bare())
        c.send(bare(), at=0)
        c.wait(lambda: c.received, 0.3)
        assert not c.received
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(b"POST / HTTP/1.1\r\n\r\n")
        assert end_of(s) == "reset"
    assert agent.connections() == []
