# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets by the hundred thousand: built and read with struct, no library.

Everything can be made wrong on purpose; what is not asked for is right.
Addresses are bytes, 4 or 16 of them, as they stand in the packet.
"""

import dataclasses
import select
import socket
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86dd
TCP = 6
SO_RCVBUFFORCE, SO_SNDBUFFORCE = 33, 32
MASK = 0xffffffff


def checksum(data):
    """RFC 1071: the words' ones' complement sum is their value modulo 65535."""
    if len(data) & 1:
        data += b"\0"
    return 0xffff - int.from_bytes(data, "big") % 0xffff


def distance(a, b):
    """b - a, as sequence numbers go."""
    d = (b - a) & MASK
    return d - (1 << 32) if d & 0x80000000 else d


def tcp(src, dst, sport, dport, seq, ack, flags, data=b"", *, options=b"", window=502,
        urgent=0, doff=None, reserved=0, bad_sum=False):
    """A TCP segment.  @options are padded; @doff is what the header claims."""
    options += bytes(-len(options) % 4)
    length = 20 + len(options)
    offset = (length // 4 if doff is None else doff) << 4 | reserved
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & MASK, ack & MASK, offset, flags,
                       window, 0, urgent) + options
    pseudo = src + dst + struct.pack("!II", length + len(data), TCP)
    total = checksum(pseudo + head + data) ^ (0x5555 if bad_sum else 0)
    return head[:16] + total.to_bytes(2, "big") + head[18:] + data


def ip4(src, dst, body, *, options=b"", length=None, fragment=0x4000, ttl=64, ident=0,
        protocol=TCP, tos=0, bad_sum=False):
    """An IPv4 packet; @fragment is the whole field, flags and offset."""
    options += bytes(-len(options) % 4)
    size = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | size // 4, tos,
                       size + len(body) if length is None else length, ident, fragment, ttl,
                       protocol, 0) + src + dst + options
    total = checksum(head) ^ (0x5555 if bad_sum else 0)
    return head[:10] + total.to_bytes(2, "big") + head[12:] + body


def ip6(src, dst, body, *, next_header=TCP, length=None, hops=64, flow=0):
    """An IPv6 packet; extension headers are part of @body."""
    return struct.pack("!IHBB", 6 << 28 | flow, len(body) if length is None else length,
                       next_header, hops) + src + dst + body


def fragment6(offset, more, ident, next_header=TCP):
    """RFC 8200 4.5, the header alone; @offset in bytes, a multiple of eight."""
    return struct.pack("!BBHI", next_header, 0, offset | more, ident)


@dataclasses.dataclass
class Received:
    key: tuple			# the client's address and port
    seq: int
    ack: int
    flags: int
    window: int
    tsval: int			# None: no timestamp
    data: bytes


def read(frame):
    """One TCP segment of a frame, or None."""
    if frame[12:14] == b"\x08\x00":
        at = 14 + (frame[14] & 15) * 4
        end = 14 + int.from_bytes(frame[16:18], "big")
        dst, protocol = frame[30:34], frame[23]
    else:
        at, end = 54, 54 + int.from_bytes(frame[18:20], "big")
        dst, protocol = frame[38:54], frame[20]
    if protocol != TCP or len(frame) < at + 20:
        return None
    _, dport, seq, ack, offset, flags, window = struct.unpack_from("!HHIIBBH", frame, at)
    data = at + (offset >> 4) * 4
    return Received((dst, dport), seq, ack, flags, window,
                    _timestamp(frame[at + 20:data]), frame[data:end])


def _timestamp(options):
    while options and options[0] != 0:
        if options[0] == 1:
            options = options[1:]
        elif options[0] == 8:
            return int.from_bytes(options[2:6], "big")
        else:
            options = options[max(2, options[1]):]
    return None


class Wire:
    """The acs namespace's end of the link to the router."""

    def __init__(self, net):
        self.to = bytes.fromhex(net.router.mac("wan0").replace(":", ""))
        self.me = bytes.fromhex(net.acs.mac("eth0").replace(":", ""))
        self.poll = select.poll()
        self.sockets = {}
        for protocol in (ETH_P_IP, ETH_P_IPV6):
            s = net.acs.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
            s.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 22)
            with net.acs.entered():
                s.bind(("eth0", protocol))
            s.setblocking(False)
            self.sockets[s.fileno()] = s
            self.poll.register(s, select.POLLIN)
        self.out = s
        self.sent = self.got = 0

    def close(self):
        for s in self.sockets.values():
            s.close()

    def put(self, packet, padding=b""):
        """Sends an IP packet, whatever is in it."""
        kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        self.sent += 1
        try:
            self.out.send(self.to + self.me + kind + packet + padding)
        except BlockingIOError:
            pass			# lost, as packets are

    def receive(self, seconds):
        """The segments that came, at the latest after @seconds."""
        for fd, _ in self.poll.poll(max(0, seconds * 1000)):
            for _ in range(64):
                try:
                    segment = read(self.sockets[fd].recv(65536))
                except BlockingIOError:
                    break
                if segment:
                    self.got += 1
                    yield segment
