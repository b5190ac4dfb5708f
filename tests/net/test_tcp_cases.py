# SPDX-License-Identifier: GPL-2.0-or-later
"""Named cases of TCP and IP, one for each way in which two readers differ.

test_segments.py holds what is inserted into a stream and must not matter;
here are overlaps, edges, teardown, reuse and what the kernel itself would do.
The random relatives of all these are in differential.py.
"""

import contextlib
import os
import signal

import pytest
from scapy.layers.inet import ICMP, IP, TCP, IPerror, TCPerror
from scapy.layers.inet6 import IPv6

import lab
import wire
from heads import bare, challenge_of, status_of
from rawclient import RawClient
from test_good import served_bare

EVIL = b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = bare()
NOP = ("NOP", None)
BOTH_FAMILIES = pytest.mark.parametrize("address", [lab.ROUTER4, lab.ROUTER6])
KEEPS_OPEN = pytest.mark.dialect("ccsp")
AGENT_SEES = 0.2		# what gets through is at the agent within this


class Mute(RawClient):
    """A client that does not acknowledge by itself."""

    def _take(self, tcp, data):
        if tcp.seq == self.their_next:
            self.received += data
            self.their_next = (self.their_next + len(data) + bool(tcp.flags.F)) & 0xffffffff
            self.fin = self.fin or bool(tcp.flags.F)


def answered(client):
    """One request and its answer on a connection that stays open."""
    client.received = b""
    client.send(HEAD)
    assert status_of(client.answer()) == 401
    client.wait(lambda: b"</html>" in client.received, 1)


def nothing_more(client, agent, heads):
    """The agent reads no more than it has; what it accepts, conftest.py looks at."""
    client.wait(lambda: len(agent.heads()) > heads, AGENT_SEES)
    assert len(agent.heads()) == heads


# -- overlaps ------------------------------------------------------------------

# Each is played before the honest head; at: where, of what length, how it differs.
# Linux lets the old, the new or some of both win, depending on the geometry.
AHEAD = {
    "the same place twice": [(30, 10), (30, 10)],
    "the new one starts earlier and covers": [(25, 8), (24, 12)],
    "the new one starts inside and goes on": [(24, 8), (28, 8)],
    "the new one lies inside": [(24, 16), (28, 4)],
    "the new one ends inside": [(28, 8), (24, 8)],
    "three, the last one bridges": [(22, 6), (32, 6), (26, 8)],
    "three, the last one covers both": [(24, 4), (30, 4), (23, 12)],
    "backwards, each over half of the next": [(40, 8), (36, 8), (32, 8), (28, 8), (24, 8)],
}


@pytest.mark.parametrize("name", AHEAD)
def test_overlaps_ahead_of_sequence(net, agent, gate, name):
    """Two versions of bytes that cannot be read yet: neither has a say."""
    with RawClient(net) as c:
        c.open()
        for n, (at, size) in enumerate(AHEAD[name]):
            c.send(bytes((0x41 + n,)) * size, at=at)
        gate.expect("OUT_OF_ORDER", n=len(AHEAD[name]))
        c.send(HEAD)
        served_bare(c)
    head, = agent.heads()
    assert b"AA" not in head and b"BB" not in head


# (what is held, what comes then): at, from, to of the head, or bytes that differ
CONFLICTING = {
    "covers all of it": ((0, HEAD[:20]), (0, b"x" * 40)),
    "starts inside and goes on": ((0, HEAD[:20]), (10, b"y" * 20)),
    "lies inside": ((0, HEAD[:20]), (8, b"zz")),
    "only the last byte differs": ((0, HEAD[:20]), (0, HEAD[:19] + b"#")),
    "only the first byte differs": ((0, HEAD[:20]), (0, b"P" + HEAD[1:20])),
    "begins before the stream": ((0, HEAD[:20]), (-1, b"?P")),
    "equal but in case": ((0, HEAD[:20]), (0, HEAD[:20].lower())),
    "differs, and the rest completes": ((0, HEAD[:-2]), (0, HEAD.replace(b"/cr", b"/xx"))),
}


@pytest.mark.parametrize("name", CONFLICTING)
def test_conflict_inside_the_head(net, agent, gate, name):
    held, then = CONFLICTING[name]
    with RawClient(net) as c:
        c.open()
        for at, data in (held, then):
            c.send(data, at=at)
        if name == "begins before the stream":	# nobody sends such; it is not even compared
            gate.expect("OUT_OF_WINDOW")
        else:
            assert c.wait_reset()
            gate.expect("CONFLICT")
        nothing_more(c, agent, 0)


@KEEPS_OPEN
@BOTH_FAMILIES
def test_other_bytes_for_what_the_agent_has(net, agent, gate, address):
    """Behind the window both know nothing any more: answered, never passed on."""
    with RawClient(net, address) as c:
        c.open()
        answered(c)
        c.send(EVIL, at=0)
        c.send(HEAD[:-4] + EVIL[:4], at=0)
        gate.expect("REPEAT", n=2)
        answered(c)
    assert len(agent.heads()) == 2


@KEEPS_OPEN
def test_second_head_overlaps_the_first(net, agent, gate):
    """The old bytes are cut off; the next head begins where it must."""
    with RawClient(net) as c:
        c.open()
        answered(c)
        c.received = b""
        c.send(EVIL[:10] + HEAD, at=c.next - 10)
        c.next += len(HEAD)
        served_bare(c)
    assert len(agent.heads()) == 2


# -- the edges of the stream -------------------------------------------------------

@pytest.mark.parametrize("at,data", [(-1, b"X" + HEAD), (-4, b"POST" + HEAD), (-1, b"X"), (-1, b"GG")])
def test_before_the_first_byte(net, agent, gate, at, data):
    """Kernels trim what is in front; nobody honest sends it."""
    with RawClient(net) as c:
        c.open()
        c.send(data, at=at)
        c.send(HEAD)
        served_bare(c)
    assert len(agent.heads()) == 1


@BOTH_FAMILIES
def test_across_the_edge_of_the_window(net, agent, gate, address):
    with RawClient(net, address) as c:
        c.open()
        for at in (65535 - 10, 65535, 1 << 20, 1 << 31):
            c.send(EVIL, at=at)
        c.send(HEAD)
        c.answer()
        gate.expect("OUT_OF_WINDOW", n=2)
    assert len(agent.heads()) <= 1


@pytest.mark.parametrize("data", [b"", b"\0", b"G"])
@KEEPS_OPEN
def test_keep_alive_probes_everywhere(net, agent, gate, data):
    """RFC 9293 3.8.4: no byte or a garbage byte, one before the next."""
    with Mute(net) as c:
        c.open()
        c.send(data, flags="A", at=-1)
        c.send(HEAD[:20])
        assert c.wait_ack(20)
        if not data:			# the garbage byte is another byte for a known place
            c.send(data, flags="A", at=19)
        c.send(HEAD[20:])
        assert status_of(c.answer()) == 401
        c.wait(lambda: b"</html>" in c.received, 1)
        c.ack()
        c.send(data, flags="A", at=c.next - 1)
        answered(c)
    assert len(agent.heads()) == 2


@KEEPS_OPEN
@BOTH_FAMILIES
def test_zero_window(net, agent, gate, address):
    """The answer waits until the client has room; the next request does not."""
    with RawClient(net, address) as c:
        c.open()
        c.send(HEAD, window=0)
        assert c.wait_ack(len(HEAD))
        assert not c.wait(lambda: c.received, AGENT_SEES)
        c.ack()
        assert status_of(c.answer()) == 401
        answered(c)


# -- urgent data -------------------------------------------------------------------

@pytest.mark.parametrize("pointer", [0, 3, len(HEAD), 0xffff])
@pytest.mark.parametrize("flags", ["PAU", "FPAU"])
def test_urgent_head(net, agent, gate, pointer, flags):
    """The kernel takes one byte out of the stream, with pointer 0 the first."""
    with RawClient(net) as c:
        c.open()
        c.send(HEAD, flags=flags, urgptr=pointer, at=0)
        gate.expect("URGENT")
        nothing_more(c, agent, 0)
        c.send(HEAD)
        served_bare(c)


@KEEPS_OPEN
def test_urgent_without_data_between_requests(net, agent, gate):
    with RawClient(net) as c:
        c.open()
        answered(c)
        c.send(flags="AU", urgptr=1, at=c.next)
        gate.expect("URGENT")
        answered(c)


# -- timestamps ----------------------------------------------------------------------

def stamped(client, value, echo=None):
    return [NOP, NOP, ("Timestamp", (value & 0xffffffff,
                                     client.their_ts if echo is None else echo))]


@pytest.mark.parametrize("back", [2, 1000, 1 << 30, (1 << 31) - 1000])
@BOTH_FAMILIES
def test_old_timestamp(net, agent, gate, address, back):
    with RawClient(net, address) as c:
        c.open()
        now = c.clock() + 10
        c.send(HEAD[:20], options=stamped(c, now))
        assert c.wait_ack(20)
        c.send(HEAD[20:], at=20, options=stamped(c, now - back))
        gate.expect("BAD_TIMESTAMP")
        c.send(HEAD[20:], options=stamped(c, now))
        served_bare(c)


@KEEPS_OPEN
def test_timestamp_one_tick_back(net, agent, gate):
    """Linux still takes it; who drops it must not let it pass elsewhere."""
    with RawClient(net) as c:
        c.open()
        answered(c)
        now = c.clock() + 10
        c.received = b""
        c.send(HEAD[:20], options=stamped(c, now))
        c.send(HEAD[20:], options=stamped(c, now - 1))
        assert status_of(c.answer()) == 401


def test_timestamp_that_was_not_agreed_on(net, agent, gate):
    with RawClient(net, timestamps=False) as c:
        c.open()
        c.send(EVIL, at=0, options=stamped(c, 1))
        gate.expect("BAD_TIMESTAMP")
        c.send(HEAD)
        served_bare(c)


# -- options and flags ---------------------------------------------------------------

ODD_SYN = {
    "fast open, asking": [(34, b"")],
    "fast open, a cookie": [(34, bytes(8)), NOP, NOP],
    "multipath": [(30, bytes(10))],
    "md5": [(19, bytes(16)), NOP, NOP],
    "authentication": [(29, bytes(14))],
    "unknown": [(253, b"ab")],
    "window scale 15": [("WScale", 15), NOP],
    "mss twice": [("MSS", 1460), ("MSS", 536)],
    "sack blocks": [(5, bytes(8)), NOP, NOP],
}


@pytest.mark.parametrize("name", ODD_SYN)
def test_odd_options_on_the_syn(net, agent, gate, name):
    """No SYN-ACK: what they switch on would change what the bytes mean."""
    with RawClient(net) as c:
        c.put(c.ip_header() / TCP(sport=c.sport, dport=c.port, flags="S", seq=c.isn, window=64240,
                                  options=ODD_SYN[name]))
        gate.expect("BAD_OPTION")
        assert not c.segments
        c.open()
        c.send(HEAD)
        served_bare(c)


ODD_DATA = {
    "timestamps twice": lambda c: stamped(c, c.clock()) + stamped(c, c.clock())[2:],
    "mss": lambda c: stamped(c, c.clock()) + [("MSS", 536)],
    "window scale": lambda c: stamped(c, c.clock()) + [NOP, ("WScale", 7)],
    "sack permitted": lambda c: stamped(c, c.clock()) + [NOP, NOP, (4, b"")],
    "empty sack": lambda c: stamped(c, c.clock()) + [NOP, NOP, (5, b"")],
    "sack of seven bytes": lambda c: stamped(c, c.clock()) + [NOP, NOP, NOP, (5, bytes(7))],
    "echo of RFC 1072": lambda c: stamped(c, c.clock()) + [NOP, NOP, (6, bytes(4))],
    "short timestamp": lambda c: [NOP, NOP, (8, bytes(4))],
}


@pytest.mark.parametrize("name", ODD_DATA)
def test_odd_options_on_data(net, agent, gate, name):
    with RawClient(net) as c:
        c.open()
        c.send(EVIL, at=0, options=ODD_DATA[name](c))
        gate.expect("BAD_OPTION")
        c.send(HEAD)
        served_bare(c)


@pytest.mark.parametrize("flags", ["PAE", "PAC", "PAEC"])
@BOTH_FAMILIES
def test_congestion_bits_are_legal(net, agent, gate, address, flags):
    with RawClient(net, address) as c:
        c.open()
        c.send(HEAD[:20], flags=flags)
        assert c.wait_ack(20)
        c.send(HEAD[20:], flags=flags)
        served_bare(c)


def test_accurate_ecn_bit_is_legal(net, agent, gate):
    """RFC 9768: the lowest of the formerly reserved bits."""
    with RawClient(net) as c:
        c.open()
        c.send(HEAD, flags="PAN")
        served_bare(c)


@pytest.mark.parametrize("data", [b"", EVIL])
@BOTH_FAMILIES
def test_every_flag_at_once(net, agent, gate, address, data):
    """FSRPAU: Linux would take the reset."""
    with RawClient(net, address) as c:
        c.open()
        c.send(HEAD[:20])
        assert c.wait_ack(20)
        c.send(data, flags="FSRPAU", at=20)
        c.send(HEAD[20:])
        served_bare(c)


# -- teardown ------------------------------------------------------------------------

@pytest.mark.parametrize("flags,by", [("R", 0), ("RA", 0), ("RA", 100000), ("RA", -100000)])
def test_exact_reset_whatever_it_acknowledges(net, agent, gate, flags, by):
    """Linux does not look at it either."""
    with RawClient(net) as c:
        c.open()
        c.send(HEAD[:20])
        assert c.wait_ack(20)
        c.send(flags=flags, at=20, ack=c.their_next + by)
        gate.expect("RESET")
        c.send(HEAD[20:])
        nothing_more(c, agent, 0)


@KEEPS_OPEN
def test_reset_elsewhere_leaves_the_agent(net, agent, gate):
    with RawClient(net) as c:
        c.open()
        answered(c)
        for by in (-1, 1, 10, 30000, -len(HEAD), 1 << 31):
            c.send(flags="R", at=c.next + by)
        gate.expect("RST_SEQ", n=6)
        answered(c)


@KEEPS_OPEN
def test_reset_where_only_the_kernel_stands(net, agent, gate):
    """Inside a second head the gate is ahead of the agent's kernel."""
    with RawClient(net) as c:
        c.open()
        answered(c)
        c.send(HEAD[:20])
        assert c.wait_ack(len(HEAD) + 20)
        c.send(flags="R", at=len(HEAD))
        gate.expect("RST_SEQ")
        c.received = b""
        c.send(HEAD[20:])
        assert status_of(c.answer()) == 401
    assert len(agent.heads()) == 2


@KEEPS_OPEN
@pytest.mark.parametrize("fields", [
    {"ack_by": 5000}, {"ack_by": -100000}, {"chksum": 0x1234}, {"flags": "F"}, {"at_by": 7},
    {"at_by": 70000}], ids=str)
def test_fin_that_is_none(net, agent, gate, fields):
    """The gate does not take for closed what the agent's kernel keeps open."""
    fields = {"flags": "FA", **fields}
    with RawClient(net) as c:
        c.open()
        answered(c)
        if "ack_by" in fields:
            fields["ack"] = c.their_next + fields.pop("ack_by")
        c.send(at=c.next + fields.pop("at_by", 0), **fields)
        answered(c)


@KEEPS_OPEN
@pytest.mark.parametrize("behind", [0, 1])
def test_data_at_and_after_the_fin(net, agent, gate, behind):
    with RawClient(net) as c:
        c.open()
        answered(c)
        c.send(flags="FA", at=c.next)
        c.send(HEAD, at=c.next + behind)
        nothing_more(c, agent, 1)


@KEEPS_OPEN
@BOTH_FAMILIES
def test_fin_with_an_acknowledgement_from_long_ago(net, agent, gate, address):
    """
    RFC 5961 5.2: Linux drops what acknowledges less than a window ago.  The
    gate may think what it likes of the FIN; a reset then closes the agent's side.
    """
    with RawClient(net, address, wscale=None) as c:
        c.open()
        first = c.their_next
        answered(c)
        answered(c)
        c.send(flags="FA", ack=first)
        c.send(flags="R")
        c.send(flags="R", at=c.next - 1)
        assert [x.end for x in agent.wait_for_end()] == ["reset"]


@BOTH_FAMILIES
def test_simultaneous_close(net, agent, gate, address):
    """Both FINs are under way before either is acknowledged."""
    with Mute(net, address) as c:
        c.open()
        c.send(HEAD)
        mine = c.their_next
        assert status_of(c.answer()) == 401
        assert c.wait(lambda: c.fin)
        c.send(flags="FA", ack=mine)
        assert c.wait_ack(len(HEAD) + 1)
        c.ack()
        gate.expect("FIN")
    agent.wait_for_end()


def test_lost_answer_comes_again(net, agent, gate):
    with Mute(net) as c:
        c.open()
        c.send(HEAD)
        assert status_of(c.answer()) == 401
        first = len(c.segments)
        assert c.wait(lambda: len(c.segments) > first and
                      any(bytes(s[TCP].payload) for s in c.segments[first:]))
        c.send(flags="FA")
        c.wait(lambda: c.fin, 1)


# -- the same port again ---------------------------------------------------------------

def again(client):
    """A new connection on the port of the last one."""
    client.isn = (client.isn + 0x100000) & 0xffffffff
    client.base = (client.isn + 1) & 0xffffffff
    client.next = client.their_next = client.acked = 0
    client.received, client.reset, client.fin = b"", False, False
    client.segments = []
    return client.open()


def close_surely(client):
    """
    A FIN that waits in the queue while the ACK before it takes the socket to
    TIME-WAIT belongs to a socket that is gone (early demultiplexing); Linux
    drops it, and it has to come again.
    """
    for _ in range(5):
        if client.wait_ack(client.next, 0.3):
            return
        client.send(flags="FA", at=client.next - 1)
    assert client.wait_ack(client.next)


@BOTH_FAMILIES
@pytest.mark.parametrize("end", ["closed", "refused", "reset", "abandoned in the handshake"])
def test_port_reuse(net, agent, gate, address, end):
    with RawClient(net, address) as c:
        if end == "abandoned in the handshake":
            c.syn()
            assert c.synack()
            c.send(flags="R")
            gate.expect("RESET")
        else:
            c.open()
        if end == "closed":
            c.send(HEAD)
            served_bare(c)
            close_surely(c)
        elif end == "refused":
            c.send(b"POST / HTTP/1.1\r\n")
            assert c.wait_reset()
        elif end == "reset":
            c.send(HEAD[:10])
            assert c.wait_ack(10)
            c.send(flags="R")
            gate.expect("RESET")
        again(c)
        c.send(HEAD)
        served_bare(c)


def test_syn_with_another_number(net, agent, gate):
    """Before the handshake is complete; whichever of the two lives is read right."""
    with RawClient(net) as c:
        c.syn()
        assert c.synack()
        c.put(c.ip_header() / TCP(sport=c.sport, dport=c.port, flags="S", seq=c.isn + 5000,
                                  window=64240, options=c.options(syn=True)))
        c.wait(lambda: c.reset, AGENT_SEES)
        c.send(EVIL, at=0)
        c.send(EVIL, at=5000)
        nothing_more(c, agent, 0)
        again(c)
        c.send(HEAD)
        served_bare(c)


# -- SYN cookies: the kernel keeps nothing, so an ACK alone can make a connection ------

def shifted_acks(client):
    """
    A cookie is a sum in which the client's number stands: who knows one that
    fits knows those for every other number of his own (net/ipv4/syncookies.c).
    """
    synack = next(s[TCP] for s in client.segments if s[TCP].flags.S)
    for at in range(max(0, client.next - 2), client.next + 3):
        for flags in ("A", "FA"):
            client.send(flags=flags, at=at, ack=synack.seq + 1 + at)


@KEEPS_OPEN
@BOTH_FAMILIES
def test_cookie_after_an_orderly_close(net, agent, gate, address):
    """The client closed first: the agent's kernel has forgotten everything."""
    net.router.sysctl("net.ipv4.tcp_syncookies", 2)
    with RawClient(net, address) as c:
        c.open()
        answered(c)
        c.send(flags="FA")
        assert c.wait(lambda: c.fin)
        agent.wait_for_end()
        shifted_acks(c)
        nothing_more(c, agent, 1)


@BOTH_FAMILIES
def test_cookie_after_a_reset(net, agent, gate, address):
    """The agent closed first, and a reset ended its kernel's waiting."""
    net.router.sysctl("net.ipv4.tcp_syncookies", 2)
    with RawClient(net, address) as c:
        c.open()
        c.send(HEAD)
        c.answer()
        assert c.wait(lambda: c.fin)
        c.send(flags="R")
        gate.expect("RESET")
        shifted_acks(c)
        nothing_more(c, agent, 1)


@pytest.mark.parametrize("how", ["reset", "refused"])
def test_cookie_without_a_request(net, agent, gate, how):
    net.router.sysctl("net.ipv4.tcp_syncookies", 2)
    with RawClient(net) as c:
        c.open()
        if how == "reset":
            c.send(flags="R")
            gate.expect("RESET")
        else:
            c.send(b"POST / HTTP/1.1\r\n")
            assert c.wait_reset()
        shifted_acks(c)
        c.send(HEAD, at=0)
        nothing_more(c, agent, 0)


@contextlib.contextmanager
def guard_stopped(gate):
    """What is sent meanwhile is waiting in the queue when the guard goes on."""
    pid = gate.processes()["cwmpgate-guard"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@KEEPS_OPEN
@pytest.mark.parametrize("cookies", [0, 2])
@pytest.mark.parametrize("before", [0, 4, 7])
@pytest.mark.parametrize("end", ["refused", "reset"])
def test_a_head_is_read_once(net, agent, gate, cookies, before, end):
    """
    A head, its repeat and what ends the connection, all in the queue at once.
    If the reset overtakes the repeat, the kernel has no connection any more
    when that comes, and a cookie makes it a second one, with the same request.
    (The guard takes eight packets at a time, and then answers them.)
    """
    net.router.sysctl("net.ipv4.tcp_syncookies", cookies)
    with RawClient(net) as c:
        c.open()
        gate.expect("DEFERRED")
        with guard_stopped(gate):
            for _ in range(before):
                c.send(EVIL, at=0, chksum=0x1234)
            c.send(HEAD, at=0)
            c.send(HEAD, flags="FPA", at=0)
            if end == "refused":
                c.send(HEAD, at=len(HEAD))
            else:
                c.send(flags="R", at=len(HEAD) + 1)
        gate.expect("PIPELINED" if end == "refused" else "RESET")
        c.wait(lambda: len(agent.heads()) > 1, AGENT_SEES)
    assert len(agent.connections()) <= 1
    assert len(agent.heads()) <= 1


@pytest.mark.parametrize("cookies", [0, 2])
def test_what_the_gate_forgot_stays_out(net, agent, gate, cookies):
    """Silent until the gate has no memory of it; with cookies the kernel never had any."""
    net.router.sysctl("net.ipv4.tcp_syncookies", cookies)
    with RawClient(net) as c:
        c.open()
        gate.expect("FIRST_BYTE_LATE")
        gate.expect("FORGOTTEN", seconds=10)
        c.send(HEAD)
        gate.expect("NO_FLOW")
        c.ack()
        nothing_more(c, agent, 0)
        again(c)
        c.send(HEAD)
        served_bare(c)


# -- IP ------------------------------------------------------------------------------

IP4_OPTIONS = {
    "loose source route": b"\x83\x07\x04\xc0\x00\x02\x01",
    "strict source route": b"\x89\x07\x04\xc0\x00\x02\x01",
    "record route": b"\x07\x07\x04\x00\x00\x00\x00",
    "timestamp": b"\x44\x0c\x05\x00" + bytes(8),
    "router alert": b"\x94\x04\x00\x00",
    "cipso": b"\x86\x06\x00\x00\x00\x00",
    "security": b"\x82\x0b" + bytes(9),
    "unknown": b"\xde\x04\x00\x00",
    "no operation": b"\x01\x01\x01\x01",
    "end of list": b"\x00\x00\x00\x00",
    "length 0": b"\x44\x00\x00\x00",
    "past the header": b"\x07\x28\x04\x00",
}


@pytest.mark.parametrize("name", IP4_OPTIONS)
def test_ipv4_option(net, agent, gate, name):
    with RawClient(net) as c:
        c.open()
        segment = bytes(c.tcp("PA", 0) / EVIL)
        segment = wire.tcp(*ends(c), c.sport, c.port, c.base, c.their_next, wire.ACK | wire.PSH,
                           EVIL, options=segment[20:32])
        c.wire.send(bytes(c.ethernet)[:12] + b"\x08\x00" +
                    wire.ip4(*ends(c), segment, options=IP4_OPTIONS[name]))
        c.send(HEAD)
        served_bare(c)


def ends(client):
    family = lab.socket.AF_INET6 if client.v6 else lab.socket.AF_INET
    return [lab.socket.inet_pton(family, a) for a in (client.source, client.server)]


def put_raw(client, packet):
    kind = b"\x86\xdd" if client.v6 else b"\x08\x00"
    client.wire.send(bytes(client.ethernet)[:12] + kind + packet)


def raw_segment(client, data, at=0):
    stamp = bytes(client.tcp("PA", at))[20:32]
    return wire.tcp(*ends(client), client.sport, client.port, client.base + at, client.their_next,
                    wire.ACK | wire.PSH, data, options=stamp)


@pytest.mark.parametrize("by", [-1, -4, -len(HEAD), 1, 100])
@BOTH_FAMILIES
def test_ip_length_is_not_that_of_the_packet(net, agent, gate, address, by):
    with RawClient(net, address) as c:
        c.open()
        body = raw_segment(c, HEAD)
        make, size = (wire.ip6, 0) if c.v6 else (wire.ip4, 20)
        put_raw(c, make(*ends(c), body, length=size + len(body) + by))
        nothing_more(c, agent, 0)
        c.send(HEAD)
        served_bare(c)


def test_ipv6_payload_length_0(net, agent, gate):
    """A jumbogram's length stands elsewhere; there are none here."""
    with RawClient(net, lab.ROUTER6) as c:
        c.open()
        put_raw(c, wire.ip6(*ends(c), raw_segment(c, EVIL), length=0))
        c.send(HEAD)
        served_bare(c)


def test_bytes_after_an_ipv6_packet(net, agent, gate):
    with RawClient(net, lab.ROUTER6) as c:
        c.open()
        put_raw(c, wire.ip6(*ends(c), raw_segment(c, HEAD)) + b"JUNKJUNK")
        c.next = len(HEAD)
        served_bare(c)


@pytest.mark.parametrize("ident", [1, 2])
def test_ipv4_fragments_that_overlap(net, agent, gate, ident):
    """The first fragment twice, or the second over the first: nobody reads either."""
    with RawClient(net) as c:
        c.open()
        body = raw_segment(c, HEAD)
        other = raw_segment(c, HEAD.replace(b"/cr", b"/xx"))
        pieces = [(0, body[:48], 1), (0, other[:48], 1), (48, body[48:], 0)]
        if ident == 2:
            pieces = [(40, other[40:], 0), (0, body[:48], 1), (48, body[48:], 0)]
        for at, data, more in pieces:
            put_raw(c, wire.ip4(*ends(c), data, ident=ident, fragment=0x2000 * more | at // 8))
        nothing_more(c, agent, 0)
        c.send(HEAD)
        served_bare(c)


def test_ipv6_fragments_that_overlap(net, agent, gate):
    with RawClient(net, lab.ROUTER6) as c:
        c.open()
        body, other = raw_segment(c, HEAD), raw_segment(c, HEAD.replace(b"/cr", b"/xx"))
        for at, data, more in ((0, body[:48], 1), (40, other[40:], 0), (48, body[48:], 0)):
            put_raw(c, wire.ip6(*ends(c), wire.fragment6(at, more, 9) + data, next_header=44))
        nothing_more(c, agent, 0)
        c.send(HEAD)
        served_bare(c)


@pytest.mark.parametrize("fields", [{"ttl": 0}, {"tos": 255}, {"ident": 54321}, {"fragment": 0}],
                         ids=str)
def test_ipv4_fields_that_do_not_matter(net, agent, gate, fields):
    with RawClient(net) as c:
        c.open()
        put_raw(c, wire.ip4(*ends(c), raw_segment(c, HEAD), **fields))
        c.next = len(HEAD)
        served_bare(c)


@pytest.mark.parametrize("fields", [{"bad_sum": True}, {"fragment": 0x8000}], ids=str)
def test_ipv4_fields_that_are_wrong(net, agent, gate, fields):
    """A bad checksum, and the reserved bit (RFC 3514)."""
    with RawClient(net) as c:
        c.open()
        put_raw(c, wire.ip4(*ends(c), raw_segment(c, EVIL), **fields))
        c.send(HEAD)
        served_bare(c)


@pytest.mark.parametrize("source", [lab.ROUTER4, "127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"])
def test_impossible_source(net, agent, gate, source):
    with RawClient(net) as c:
        c.put(IP(src=source, dst=lab.ROUTER4) / TCP(sport=7547, dport=7547, flags="S", seq=1))
        assert not c.wait(lambda: c.segments, 0.1)
    assert gate.count("SYN") == 0


@pytest.mark.parametrize("source", [lab.ROUTER6, "::ffff:192.0.2.10", "ff02::1", "::1", "::"])
def test_impossible_ipv6_source(net, agent, gate, source):
    with RawClient(net, lab.ROUTER6) as c:
        c.put(IPv6(src=source, dst=lab.ROUTER6) / TCP(sport=7547, dport=7547, flags="S", seq=1))
        assert not c.wait(lambda: c.segments, 0.1)
    assert gate.count("SYN") == 0


def test_source_port_0(net, agent, gate):
    with RawClient(net) as c:
        c.put(c.ip_header() / TCP(sport=0, dport=7547, flags="S", seq=1))
        gate.expect("BAD_TCP")


@KEEPS_OPEN
@pytest.mark.parametrize("code", [1, 2, 3, 4])
def test_icmp_about_the_connection(net, agent, gate, code):
    """Unreachable, or a smaller path: for the kernel, and no news for the gate."""
    with RawClient(net) as c:
        c.open()
        answered(c)
        c.put(c.ip_header() / ICMP(type=3, code=code, nexthopmtu=576) /
              IPerror(src=lab.ROUTER4, dst=c.source) /
              TCPerror(sport=c.port, dport=c.sport, seq=c.their_next))
        answered(c)


@KEEPS_OPEN
def test_digest_is_right_after_all_that(net, agent, gate):
    """The harness itself: a real answer to the challenge on the same connection."""
    from heads import authorized
    with RawClient(net) as c:
        c.open()
        answered(c)
        head = authorized(challenge_of(c.received))
        c.received = b""
        c.send(head)
        assert status_of(c.answer()) == 200
