# SPDX-License-Identifier: GPL-2.0-or-later
"""A TCP client that is told every segment to send.

It lives beside the kernel of the acs namespace, on AF_PACKET, with ports that
the kernel does not hand out; the resets the kernel would answer with are
dropped by a rule in that namespace.  Sequence numbers are given relative to
the first byte of the request; the checksum is right unless asked otherwise.
"""

import itertools
import socket
import time

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

import lab

FIRST_PORT, LAST_PORT = 61000, 61999
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33

QUIET_KERNEL = f"""
table inet rawclient {{
	chain output {{
		type filter hook output priority 0;
		tcp sport {FIRST_PORT}-{LAST_PORT} tcp flags & rst == rst drop
	}}
}}
"""

_ports = itertools.cycle(range(FIRST_PORT, LAST_PORT + 1))


def prepare(net):
    """Once per network: the kernel of acs keeps quiet about our ports."""
    rules = net.dir / "rawclient.nft"
    rules.write_text(QUIET_KERNEL)
    net.acs.run("nft", "-f", rules)


class RawClient:
    def __init__(self, net, server=lab.ROUTER4, port=7547, source=None, *,
                 mss=1460, wscale=7, timestamps=True, isn=None):
        self.v6 = ":" in server
        self.source = source or (lab.ACS6 if self.v6 else lab.ACS4)
        self.server, self.port, self.sport = server, port, next(_ports)
        self.mss, self.wscale, self.timestamps = mss, wscale, timestamps
        self.isn = 0x1000 * self.sport if isn is None else isn
        self.base = (self.isn + 1) & 0xffffffff		# of the first request byte
        self.next = 0			# what send() uses next, relative to base
        self.their_next = 0		# what we acknowledge, absolute
        self.their_ts = 0
        self.acked = 0			# how much of ours is acknowledged, relative
        self.received = b""
        self.reset = self.fin = False
        self.segments = []		# every segment of the server
        self.ethernet = Ether(src=net.acs.mac("eth0"), dst=net.router.mac("wan0"))
        self.wire = net.acs.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        with net.acs.entered():
            self.wire.bind(("eth0", ETH_P_ALL))
        self.wire.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    # -- sending ---------------------------------------------------------

    def ip_header(self, **fields):
        cls = IPv6 if self.v6 else IP
        return cls(src=self.source, dst=self.server, **fields)

    def options(self, syn=False):
        o = [("MSS", self.mss), ("SAckOK", b"")] if syn else []
        if self.timestamps:
            if not syn:
                o += [("NOP", None), ("NOP", None)]
            o += [("Timestamp", (self.clock(), self.their_ts))]
        if syn and self.wscale is not None:
            o += [("NOP", None), ("WScale", self.wscale)]
        return o

    @staticmethod
    def clock():
        return int(time.monotonic() * 1000) & 0xffffffff

    def tcp(self, flags, at=None, ack=None, options=None, **fields):
        """A TCP header; @at relative to the request, @ack absolute."""
        at = self.next if at is None else at
        return TCP(sport=self.sport, dport=self.port, flags=flags,
                   seq=(self.base + at) & 0xffffffff,
                   ack=(self.their_next if ack is None else ack) & 0xffffffff,
                   options=self.options() if options is None else options,
                   **{"window": 502, **fields})

    def put(self, packet):
        """Sends an IP packet, whatever is in it."""
        self.wire.send(bytes(self.ethernet / packet))

    def send(self, data=b"", flags="PA", at=None, ip=None, **fields):
        """One segment; @at given, the next send() goes on where it would have."""
        self.put(self.ip_header(**(ip or {})) / self.tcp(flags, at, **fields) / data)
        if at is None:
            self.next += len(data) + ("F" in str(flags))

    def ack(self):
        self.send(flags="A")

    # -- the handshake ---------------------------------------------------

    def syn(self, **fields):
        self.put(self.ip_header() / TCP(
            sport=self.sport, dport=self.port, flags="S", seq=self.isn, window=64240,
            options=self.options(syn=True), **fields))

    def synack(self, seconds=2.0):
        """Waits for the SYN-ACK; False if none comes."""
        return self.wait(lambda: self.their_next, seconds)

    def open(self):
        """The handshake."""
        self.syn()
        assert self.synack(), "no SYN-ACK"
        self.ack()
        return self

    # -- receiving -------------------------------------------------------

    def wait(self, condition, seconds=3.0):
        """Reads the wire until @condition or the deadline."""
        deadline = time.monotonic() + seconds
        while True:
            self._read_wire()
            if condition():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)

    def wait_ack(self, upto, seconds=3.0):
        return self.wait(lambda: self.acked >= upto, seconds)

    def wait_reset(self, seconds=5.0):
        return self.wait(lambda: self.reset, seconds)

    def answer(self, seconds=3.0):
        """The server's response, acknowledged as it comes in."""
        self.wait(lambda: b"\r\n\r\n" in self.received or self.reset or self.fin, seconds)
        return self.received

    def close(self):
        """Ends the connection the orderly way, as far as the server lets us."""
        if not self.reset:
            self.send(flags="FA")
            self.wait(lambda: self.fin or self.reset, 1)

    def _read_wire(self):
        while True:
            try:
                frame, (_, _, kind, *_) = self.wire.recvfrom(65536)
            except BlockingIOError:
                return
            if kind != socket.PACKET_OUTGOING:
                self._read_packet(Ether(frame))

    def _read_packet(self, frame):
        if TCP not in frame or (frame[TCP].sport, frame[TCP].dport) != (self.port, self.sport):
            return
        network, tcp = frame.payload, frame[TCP]
        if (network.src, network.dst) != (self.server, self.source):
            return
        self.segments.append(frame)
        self._note_options(tcp)
        if tcp.flags.R:
            self.reset = True
            return
        if tcp.flags.S:
            self.their_next = (tcp.seq + 1) & 0xffffffff
            return
        self.acked = max(self.acked, distance(self.base, tcp.ack))
        self._take(tcp, payload(network, tcp))

    def _note_options(self, tcp):
        for name, value in tcp.options:
            if name == "Timestamp":
                self.their_ts = value[0]

    def _take(self, tcp, data):
        if tcp.seq != self.their_next:
            return
        self.received += data
        self.their_next = (self.their_next + len(data) + bool(tcp.flags.F)) & 0xffffffff
        self.fin = self.fin or bool(tcp.flags.F)
        if data or tcp.flags.F:
            self.send(flags="A", at=self.next)


def payload(network, tcp):
    """The bytes of the segment, without what the link padded."""
    size = network.plen if isinstance(network, IPv6) else network.len - network.ihl * 4
    return bytes(tcp.payload)[:size - tcp.dataofs * 4]


def distance(a, b):
    """b - a, as sequence numbers go."""
    d = (b - a) & 0xffffffff
    return d - (1 << 32) if d & 0x80000000 else d
