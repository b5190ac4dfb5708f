# SPDX-License-Identifier: GPL-2.0-or-later
"""The differential test: what the gate says against what the kernel does.

Thousands of TCP conversations, made up from seeds, go as raw packets through
the gate to a real socket. Whatever they hold, of every connection it must be
true that

    - the socket read canonical heads that the gate wrote for that client, in
      that order, whole, and nothing else;
    - it was accepted with its first head already there;
    - its socket is closed in the end;

and a conversation in which the network was bad but the client was not, ended
with every one of its requests read (of a busy machine 99 % are asked for). A conversation depends on its seed only: `SEED=n COUNT=1` runs
the one that failed, and prints its packets.
"""

import dataclasses
import heapq
import random
import re
import socket
import struct
import time

import heads
import lab
import wire
from wire import ACK, CWR, ECE, FIN, MASK, PSH, RST, SYN, URG

SOURCES = 32			# each family; the gate gives each a share of its heads
FIRST_PORT, PORTS = 20000, 40000
SOURCE4 = "192.0.2.%d"		# from 128 on, no address of any kernel
SOURCE6 = "2001:db8:8000:%x::10"	# a /64 each
BLOCK = 500			# so many seeds in a row share a setting of SYN cookies
ABANDONED = 0.02
SEGMENT = 1300			# with every header and option below the link's 1500

# What an agent must never read; it stands where a canonical head has no place.
MARK = b"EVIL"
HEAD = f"GET {heads.PATH} HTTP/1.1\r\n".encode()
EVIL = HEAD + b"Host: a\r\nUser-Agent: EVIL\r\n\r\n"
CANONICAL = re.compile(
    HEAD + rb"Host: *[][:.\w-]+\r\n"
    rb"((User-Agent: *cwmpgate|Accept: *\*/\*|Accept-Language: *en|Accept-Encoding: *identity|"
    rb"Accept-Charset: *utf-8)\r\n)*"
    rb"(Authorization: Digest [ -~]+\r\n)?"
    rb"(Connection: (keep-alive|close)\r\n)?\r\n")

# How sink_agent.c answers, by the client's port.
KEEP, KEEP_TOO, KEEP_IN_PIECES, KEEP_LONG, CLOSE_401, CLOSE_200, CLOSE_LF, HANG_UP = range(8)


def cookies_of(seed):
    """net.ipv4.tcp_syncookies while @seed runs."""
    return seed // BLOCK % 3


class Peer:
    """One client's TCP, as good or bad as the script wants it."""

    def __init__(self, link, seed):
        self.link, self.seed = link, seed
        self.rng = rng = random.Random(seed)
        self.v6 = rng.random() < 0.5
        n = seed % (SOURCES * PORTS)
        self.sport = FIRST_PORT + n // SOURCES
        self.address, self.src, self.dst = self._addresses(n % SOURCES)
        self.dport = rng.choice(lab.PORTS)
        self.manner = self.sport % 8
        self.ts = rng.random() < 0.6
        self.wscale = rng.choice((None, 0, 7, 14))
        self.mss = 88 if rng.random() < 0.03 else rng.choice((None, 536, 1220, 1460, 65495))
        self.window = rng.choice((502, 1000, 64240, 65535))
        self.ecn = 0
        self.trace = None
        self.auto = True		# acknowledge what the server says
        self.syn_clock = 0
        self.choose_isn()

    def _addresses(self, n):
        if self.v6:
            address, server = SOURCE6 % n, lab.ROUTER6
        else:
            address, server = SOURCE4 % (128 + n), lab.ROUTER4
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        src, dst = (socket.inet_pton(family, a) for a in (address, server))
        return socket.inet_ntop(family, src), src, dst

    @property
    def key(self):
        return self.src, self.sport

    def choose_isn(self):
        rng = self.rng
        self.isn = rng.choice((rng.getrandbits(32), MASK - rng.randrange(600),
                               0x7fffffff - rng.randrange(600)))
        self.base = self.isn + 1 & MASK
        self.their_isn = None
        self.their_next = self.their_ts = 0
        self.next = self.acked = 0	# where the script stands; what they acknowledge
        self.sent = 0			# the end of what was sent
        self.received = b""
        self.reset = self.fin = False

    # -- sending ---------------------------------------------------------

    def clock(self, back=0):
        return int(time.monotonic() * 1000) - back & MASK

    def stamp(self, value):
        return struct.pack("!BBBBII", 1, 1, 8, 10, value & MASK, self.their_ts)

    def options(self, syn=False, back=0):
        o = b""
        if syn and self.mss:
            o += struct.pack("!BBH", 2, 4, self.mss)
        if syn:
            o += b"\x04\x02\x01\x01"
        if syn and self.wscale is not None:
            o += bytes((1, 3, 3, self.wscale))
        if self.ts:
            o += self.stamp(self.clock(back))
        return o

    def segment(self, data=b"", at=None, flags=ACK, *, seq=None, ack=None, options=None,
                back=0, **fields):
        """TCP bytes; @at is relative to the first byte of the stream, @seq is absolute."""
        if seq is None:
            seq = self.base + (self.next if at is None else at)
        if data and not flags & (SYN | RST):
            flags |= PSH
        fields.setdefault("window", self.window)
        if options is None:
            options = self.options(bool(flags & SYN), back)
        return wire.tcp(self.src, self.dst, self.sport, self.dport, seq,
                        self.their_next if ack is None else ack, flags, data,
                        options=options, **fields)

    def packet(self, body, **fields):
        make = wire.ip6 if self.v6 else wire.ip4
        return make(self.src, self.dst, body, **fields)

    def put(self, packet, padding=b""):
        if self.trace is not None:
            self.trace.append(f"{time.monotonic():.4f} > {packet.hex()}")
        self.link.put(packet, padding)

    def emit(self, data=b"", at=None, flags=ACK, ip=None, **fields):
        """One segment; the stream goes on where it would have."""
        self.put(self.packet(self.segment(data, at, flags | self.ecn, **fields), **(ip or {})))

    def syn(self, **fields):
        fields.setdefault("window", 64240)
        self.syn_clock = self.clock()
        self.emit(flags=SYN, seq=self.isn, ack=0, **fields)

    # -- receiving -------------------------------------------------------

    def take(self, s):
        if self.trace is not None:
            self.trace.append(f"{time.monotonic():.4f} < flags {s.flags:02x} "
                              f"ack {wire.distance(self.base, s.ack)} len {len(s.data)}")
        if s.flags & RST:
            self.reset = True
            return
        if s.flags & SYN:
            if s.ack == self.base and self.next == 0 and self.acked == 0:
                self.their_isn, self.their_next = s.seq, s.seq + 1 & MASK
                self.their_ts = s.tsval or 0
                self.ts = self.ts and s.tsval is not None
            return
        if self.their_isn is None:
            return
        if s.tsval is not None:
            self.their_ts = s.tsval
        self.acked = max(self.acked, wire.distance(self.base, s.ack))
        if s.seq == self.their_next:
            self.received += s.data
            self.their_next = s.seq + len(s.data) + bool(s.flags & FIN) & MASK
            self.fin = self.fin or bool(s.flags & FIN)
        if self.auto and (s.data or s.flags & FIN):
            self.emit(at=max(self.next, self.sent))


class Conversation(Peer):
    """
    A script: a generator that yields seconds to sleep, or a condition and
    seconds to wait for it, and goes on when that is over.
    """

    def __init__(self, link, seed):
        super().__init__(link, seed)
        self.honest = self.rng.random() < 0.3
        self.heads = 0			# how many must be read, of an honest one
        self.failed = ""
        self.abandoned = False
        self.script = self.honestly() if self.honest else self.dishonestly()

    # -- what an honest client does in a bad network ---------------------

    def honestly(self):
        rng = self.rng
        self.ecn = rng.choice((0, 0, 0, ECE, CWR, ECE | CWR))
        self.disturbed = rng.choice((0, 0, 0.1, 0.5))	# somebody else throws in what is dropped
        if not (yield from self.open(5)):
            self.failed = "no SYN-ACK"
            return
        if rng.random() < 0.6:
            self.emit()			# else the third ACK is lost, or carries data
        requests = 1
        if self.manner <= KEEP_LONG and rng.random() < 0.5:
            requests = rng.randrange(2, 5)
        for n in range(requests):
            last = n + 1 == requests
            fin = last and rng.random() < 0.2
            data = self.good_head(close=last and rng.random() < 0.3)
            self.received = b""
            yield from self.deliver(data, fin)
            if self.failed:
                return
            self.heads += 1
            yield self.is_answered, 2
            if not self.is_answered():
                self.failed = f"no answer to request {n + 1}"
                return
        yield from self.finish()

    def open(self, tries=3):
        """The handshake but for the third ACK; false if there is no SYN-ACK."""
        pause = 0.15
        for _ in range(tries):
            self.syn()
            if self.rng.random() < 0.03:
                self.syn()
            yield lambda: self.their_isn is not None, pause
            if self.their_isn is not None:
                return True
            pause *= 2
        return False

    def good_head(self, close=False):
        rng = self.rng
        host = rng.choice((b"a", b"192.0.2.1:7547", b"[2001:db8:1::1]:30005", b"cpe.example"))
        lines = [b"Host: " + host]
        lines += rng.sample((b"User-Agent: EVIL/1", b"Accept: */*", b"Accept-Language: EVIL",
                             b"Cache-Control: no-cache", b"Accept-Encoding: gzip, EVIL"),
                            rng.randrange(5))
        if rng.random() < 0.1:
            lines.append(b"User-Agent: " + b"x" * rng.randrange(980))
            lines = [x for x in lines if x != b"User-Agent: EVIL/1"]
        challenge = self.challenge()
        if challenge and rng.random() < 0.8:
            password = heads.PASSWORD if rng.random() < 0.9 else "wrong"
            lines.append(b"Authorization: " + heads.authorization(
                challenge, password=password, cnonce=f"{rng.getrandbits(64):016x}").encode())
        if close or rng.random() < 0.5:
            lines.append(b"Connection: " + (b"close" if close else b"keep-alive"))
        rng.shuffle(lines)
        return HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    def challenge(self):
        """The server's last one, or an invented one, or none."""
        if b"WWW-Authenticate" in self.received and self.manner != CLOSE_LF:
            return heads.challenge_of(self.received)
        if self.rng.random() < 0.2:
            return {"nonce": f"{self.rng.getrandbits(64):016x}", "realm": "sink"}
        return None

    def cuts(self, data):
        """@data in pieces: (place, bytes), without a gap."""
        rng = self.rng
        most = min(self.mss or 536, SEGMENT)
        kind = rng.random()
        if kind < 0.03 and len(data) < 600:
            most = 1
        elif kind < 0.4:
            most = rng.randrange(2, 200)
        places = [0]
        while places[-1] < len(data):
            places.append(min(len(data), places[-1] + rng.randrange((most + 1) // 2, most + 1)))
        return [(a, data[a:b]) for a, b in zip(places, places[1:])]

    def shuffled(self, data):
        """Pieces as a bad network brings them: some twice, late, lost, overlapping."""
        rng = self.rng
        plan = []
        for at, piece in self.cuts(data):
            kind = rng.random()
            if kind < 0.08:
                continue
            if kind < 0.16:
                plan.append((at, piece))
            elif kind < 0.24:
                back = rng.randrange(min(at, SEGMENT - len(piece)) + 1)
                piece, at = data[at - back:at + len(piece)], at - back
            elif kind < 0.3:
                piece = data[at:at + min(SEGMENT, len(piece) + rng.randrange(100))]
            plan.append((at, piece))
        if rng.random() < 0.4:
            for i in range(len(plan) - 1):
                if rng.random() < 0.2:
                    plan[i], plan[i + 1] = plan[i + 1], plan[i]
        return plan

    def deliver(self, data, fin=False):
        """Sends @data until it is acknowledged."""
        start, end = self.next, self.next + len(data) + fin
        plan, pause = self.shuffled(data), 0.02
        deadline = time.monotonic() + 4
        while True:
            for at, piece in plan:
                if self.rng.random() < 0.02:	# an old keep-alive probe
                    self.emit(self.rng.choice((b"", b"\0")), at=start - 1)
                if self.rng.random() < self.disturbed:
                    self.rng.choice(HARMLESS)(self, self.rng.choice((EVIL, MARK, b"G", HEAD)))
                last = at + len(piece) == len(data)
                self.emit(piece, start + at, ACK | FIN * (fin and last))
                self.sent = max(self.sent, start + at + len(piece) + (fin and last))
                if self.rng.random() < 0.1:
                    yield 0.001
            yield (lambda: self.acked >= end or self.reset), pause
            if self.acked >= end:
                break
            if self.reset or time.monotonic() > deadline:
                self.failed = f"{'reset' if self.reset else 'stuck'} at {self.acked} of {end}"
                return
            pause = min(pause * 1.5, 0.5)
            held = max(0, min(self.acked - start, len(data) - 1))
            plan = [(held + at, piece) for at, piece in self.cuts(data[held:])]
        self.next = end

    def is_answered(self):
        if self.manner in (CLOSE_LF, HANG_UP):
            return self.fin
        return b"\r\n\r\n" in self.received

    def finish(self):
        if self.rng.random() < 0.5:
            self.emit(flags=RST | ACK * (self.rng.random() < 0.5))
            return
        self.emit(flags=ACK | FIN)
        self.next += 1
        yield (lambda: self.fin or self.reset), 0.5

    # -- what a hostile one does -----------------------------------------

    def dishonestly(self):
        rng = self.rng
        self.auto = rng.random() < 0.8
        yield from self.attempt()
        if rng.random() < 0.1:		# the same port again
            yield rng.choice((0, 0.01))
            self.choose_isn()
            yield from self.attempt()
        if rng.random() < ABANDONED:
            self.abandoned = True
            return
        for at in sorted({self.acked, self.next}):
            self.emit(at=at, flags=RST)
        before = self.acked
        yield (lambda: self.acked > before), 0.05	# what is said last is acknowledged late
        if self.acked > before:
            self.emit(at=self.acked, flags=RST)

    def attempt(self):
        rng = self.rng
        if rng.random() < 0.2:
            yield from self.noises(BEFORE, 3)
        if not (yield from self.open(2)):
            return
        if rng.random() < 0.2:
            yield from self.noises(INSIDE, 2)
        if rng.random() < 0.6:
            self.emit()
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
            self.received = b""
            yield from self.harass(self.any_stream())
            if rng.random() < 0.7:
                yield (lambda: self.is_answered() or self.reset), 0.05
            if self.reset:
                break
        if rng.random() < 0.5:
            yield from self.noises(INSIDE, 3)
        if rng.random() < 0.5:
            yield from self.hostile_end()
        yield rng.choice((0, 0.005))

    def any_stream(self):
        rng = self.rng
        head = self.good_head(close=rng.random() < 0.1)
        kind = rng.random()
        if kind < 0.6:
            return head
        return rng.choice((
            head + head, head + MARK, head + b"\r\n", head[:-2], head[:-1], head[:rng.randrange(len(head))],
            EVIL, EVIL.replace(b"\r\n", b"\n"), b"\r\n" + head, head.replace(b"Host:", b"X-Evil: EVIL\r\nHost:"),
            b"POST /EVIL HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01EVIL", head.replace(b"1.1", b"1.0"),
            head[:20] + bytes((rng.randrange(256),)) + head[21:], b"GET " + b"/EVIL" * 900, MARK,
            head[:-2] + b"Content-Length: 4\r\n\r\nEVIL", head[:-2] + b"a: b\r\n" * 800,
        ))

    def harass(self, data):
        """Sends @data with noise and conflicting copies in between."""
        rng = self.rng
        start = self.next
        noise, conflict = rng.choice((0, 0.1, 0.4)), rng.choice((0, 0, 0.2))
        plan = self.shuffled(data)
        if rng.random() < 0.1:
            rng.shuffle(plan)
        if start == 0 and self.ts and rng.random() < 0.3:
            # In the handshake Linux does not take one tick back, as it does later:
            # what the gate delivers is lost, and what comes after it must be safe.
            for at, piece in self.cuts(data):
                self.emit(piece, at, options=self.stamp(self.syn_clock - 1))
            if rng.random() < 0.5:
                self.emit(at=len(data))
        for at, piece in plan:
            self.next = start + at
            if rng.random() < noise:
                rng.choice(INSIDE)(self, data[at:at + SEGMENT] or MARK)
            if rng.random() < conflict:
                self.emit(self.spoilt(piece), start + at + rng.choice((0, 0, -3, 5)))
            self.emit(piece, start + at, ACK | FIN * (rng.random() < 0.01))
            if rng.random() < 0.15:
                yield rng.choice((0, 0.001, 0.004))
        for _ in range(2):
            yield (lambda: self.acked >= start + len(data) or self.reset), 0.02
            held = self.acked - start
            if held >= len(data) or self.reset or rng.random() < 0.2:
                break
            self.next = start + max(0, held)
            for at, piece in self.cuts(data[max(0, held):]):
                self.emit(piece, start + max(0, held) + at)
        self.next = start + len(data)

    def spoilt(self, piece):
        """Other bytes for the same place."""
        spot = self.rng.randrange(len(piece))
        return self.rng.choice((
            piece[:spot] + bytes((piece[spot] ^ 1,)) + piece[spot + 1:],
            MARK * (len(piece) // 4 + 1), EVIL, piece.swapcase()))

    def noises(self, kinds, most):
        for _ in range(self.rng.randrange(1, most + 1)):
            self.rng.choice(kinds)(self, self.rng.choice((EVIL, MARK, b"G", b"GET ", b"\r\n")))
            if self.rng.random() < 0.3:
                yield 0.002

    def hostile_end(self):
        rng = self.rng
        kind = rng.randrange(4)
        if kind == 0:
            self.emit(flags=RST, at=rng.choice((self.acked, self.next)))
        elif kind == 1:
            self.emit(flags=ACK | FIN, at=rng.choice((self.acked, self.next)))
            self.next += 1
            yield (lambda: self.fin or self.reset), rng.choice((0, 0.01, 0.03))
        elif kind == 2:
            self.emit(b"EVIL", flags=ACK | FIN)
        if rng.random() < 0.7:
            yield from self.noises(INSIDE, 3)
        if rng.random() < 0.5:
            shifted(self, b"")
        if rng.random() < 0.5:
            self.emit(EVIL)


# -- noise: each sends something that must not matter, or must end it all ------
#
# (@c, a conversation; @data, bytes that would come next or should never come.)

def bad_checksum(c, data):
    c.emit(data, bad_sum=True, flags=c.rng.choice((ACK, ACK | FIN, RST)))

def urgent(c, data):
    c.emit(data, flags=ACK | URG, urgent=c.rng.choice((0, 1, 3, len(data), 60000)))

def urgent_pointer_alone(c, data):
    c.emit(data, urgent=c.rng.choice((1, 3, len(data))))

def no_ack_flag(c, data):
    c.emit(data, flags=c.rng.choice((0, PSH, FIN, FIN | PSH | URG, URG)))

def odd_flags(c, data):
    c.emit(c.rng.choice((b"", data)), flags=c.rng.choice((
        0x3f, 0xff, SYN | FIN, SYN | RST, RST | FIN, RST | FIN | ACK, SYN | ACK | FIN)))

def syn_inside(c, data):
    c.emit(c.rng.choice((b"", data)), at=c.rng.choice((-1, 0, c.next, c.next + 5000)),
           flags=c.rng.choice((SYN, SYN | ACK, SYN | PSH, SYN | ECE | CWR)))

def reset_elsewhere(c, data):
    c.emit(c.rng.choice((b"", b"", data)), flags=c.rng.choice((RST, RST | ACK)),
           at=c.next + c.rng.choice((-c.next, -1, 1, 10, -10, 30000, 70000, 1 << 31)))

def reset_exact(c, data):
    c.emit(flags=c.rng.choice((RST, RST | ACK)), at=c.rng.choice((c.acked, c.next)),
           ack=c.their_next + c.rng.choice((0, 100000, -100000)))

def fin_elsewhere(c, data):
    c.emit(c.rng.choice((b"", data)), flags=ACK | FIN,
           at=c.next + c.rng.choice((-c.next, -1, 1, 10, -10, 30000, 70000)))

def fin_with_bad_ack(c, data):
    c.emit(flags=ACK | FIN, ack=c.their_next + c.rng.choice((1, 5000, -5000, 1 << 31)))

def bad_ack(c, data):
    c.emit(data, ack=c.their_next + c.rng.choice((1, 2, 5000, 100000, -1, -5000, 1 << 31)))

def shifted(c, data):
    """What a SYN cookie's arithmetic takes for the third ACK of another ISN."""
    if c.their_isn is None:
        return
    at = c.rng.choice((c.acked, c.next, c.next + 1))
    c.emit(data if c.rng.random() < 0.3 else b"", at=at, flags=c.rng.choice((ACK, ACK, ACK | FIN)),
           ack=c.their_isn + 1 + at)

def odd_options(c, data):
    r = c.rng.choice
    stamp = struct.pack("!BBII", 8, 10, c.clock(), c.their_ts)
    options = r((
        b"\x08\0\1\1", b"\x08\1\1\1", b"\1\1\x08\x0a", b"\xfd\4ab", bytes((19, 18)) + bytes(16),
        bytes((29, 16)) + bytes(14), bytes((30, 4, 0, 0)), bytes((34, 2)), stamp + stamp,
        b"\1\1" + stamp[:-1], stamp + b"\0\1", stamp + b"\2\4\5\xb4", stamp + b"\3\3\7",
        stamp + b"\5\x09abcdefg", stamp + b"\5\2", stamp + b"\5\x0aabcdefgh", stamp + b"\x0f\3\0",
        b"\1" * 40, b"\0" * 40, b"\x08\x0a" + bytes(8), b"\x45\4xx", b"\x1b\x08" + bytes(6)))
    if c.rng.random() < 0.5:
        options += c.options()
    c.emit(data, options=options[:40])

def odd_timestamp(c, data):
    stamp = struct.pack("!BBBBII", 1, 1, 8, 10, c.clock() - c.rng.choice(
        (2, 50, 1000, 1 << 30, 1 << 31, -100)) & MASK, c.rng.choice((0, c.their_ts, 1 << 31)))
    c.emit(data, options=c.rng.choice((b"", stamp)))

def windows(c, data):
    c.emit(c.rng.choice((b"", data)), window=c.rng.choice((0, 1, 65535)))

def ahead(c, data):
    c.emit(data, at=c.next + c.rng.choice((1, 4, 100, 4000, 5000, 29000, 60000, 64240 - len(data))))

def out_of_window(c, data):
    c.emit(data, at=c.next + c.rng.choice((65535, 70000, 1 << 20, 1 << 30, 1 << 31, -(1 << 16),
                                           -100000, -(1 << 30))))

def behind(c, data):
    c.emit(data, at=c.rng.choice((-1, 0, c.next - 1, c.next - len(data), -len(data), c.next // 2)))

def keep_alive(c, data):
    c.emit(c.rng.choice((b"", b"\0", b"X")), at=c.rng.choice((c.acked, c.next)) - 1)

def reserved_bits(c, data):
    c.emit(data, reserved=c.rng.choice((1, 2, 4, 8, 14)))

def ecn_bits(c, data):
    c.emit(data, flags=ACK | c.rng.choice((ECE, CWR, ECE | CWR)))

def data_offset(c, data):
    c.emit(data, doff=c.rng.choice((0, 4, 6, 12, 15)))

def bad_length(c, data):
    body = c.segment(data)
    size = len(body) + (0 if c.v6 else 20)
    c.put(c.packet(body, length=max(0, size + c.rng.choice((-1, -4, -len(data), 8, -size)))))

def padding(c, data):
    c.put(c.packet(c.segment(data)), b"EVIL" * c.rng.randrange(1, 10))

def odd_ip(c, data):
    if c.v6:
        c.emit(data, ip={"flow": c.rng.getrandbits(28), "hops": c.rng.choice((0, 1, 255))})
    else:
        c.emit(data, ip=c.rng.choice((
            {"ttl": 0}, {"ttl": 255}, {"tos": 0xff}, {"ident": 54321}, {"bad_sum": True},
            {"fragment": 0}, {"fragment": 0x8000}, {"protocol": 17})))

def ip_options(c, data):
    if c.v6:
        option = bytes((6, 0, 1, 4, 0, 0, 0, 0))
        c.put(c.packet(option + c.segment(data), next_header=c.rng.choice((0, 43, 60, 51, 135))))
    else:
        c.emit(data, ip={"options": c.rng.choice((
            b"\1\1\1\1", b"\7\7\4\0\0\0\0", b"\x83\7\4\xc0\0\2\1", b"\x89\7\4\xc0\0\2\1",
            b"\x44\x0c\5\0" + bytes(8), b"\x94\4\0\0", b"\x82\x0b" + bytes(9), b"\x44\0"))})

def fragments(c, data, sizes=(8, 16, 24, 40, 1 << 15)):
    """One or more, in any order, some twice; the first may be tiny."""
    body, rng = c.segment(data), c.rng
    size = rng.choice(sizes)
    ident = rng.getrandbits(16) | 1
    pieces = []
    for at in range(0, len(body), size):
        more = at + size < len(body)
        if c.v6:
            pieces.append(c.packet(wire.fragment6(at, more, ident) + body[at:at + size],
                                   next_header=44))
        else:
            pieces.append(c.packet(body[at:at + size], ident=ident,
                                   fragment=0x2000 * more | at // 8))
    if rng.random() < 0.5:
        rng.shuffle(pieces)
    if rng.random() < 0.2:
        pieces += pieces[:2]
    for piece in pieces:
        c.put(piece)

def syn_with_data(c, data):
    c.emit(data, seq=c.isn, ack=0, flags=SYN)

def syn_with_options(c, data):
    c.syn(options=c.rng.choice((bytes((34, 2)), bytes((34, 10)) + bytes(8), bytes((30, 12)) + bytes(10),
                                bytes((19, 18)) + bytes(16), b"\2\4\5", b"\2\3\5", b"\3\3\x0f",
                                b"\xfd\4ab", b"\2\4\0\0", b"")))

def syn_elsewhere(c, data):
    c.emit(seq=c.isn + c.rng.choice((1, 1000, 1 << 20, 1 << 31)), ack=0, flags=SYN)


def valid(c, data):
    """Not noise at all: the bytes that come next, too early."""
    c.emit(data)


# What the gate and the kernel must both act on as if it had not come.

def reset_far(c, data):
    c.emit(data, flags=c.rng.choice((RST, RST | ACK)),
           at=c.next + c.rng.choice((-1, -10, -c.next - 1, 1 << 20, 1 << 31)))

def fin_far(c, data):
    c.emit(data, flags=ACK | FIN, at=c.next + c.rng.choice((-100000, 1 << 20, 1 << 30)))

def ack_far(c, data):
    c.emit(data, ack=c.their_next + c.rng.choice((100000, 1 << 30, 1 << 31, -100000)),
           flags=c.rng.choice((ACK, ACK | FIN)))

def far_out_of_window(c, data):
    c.emit(data, at=c.next + c.rng.choice((1 << 20, 1 << 30, 1 << 31, -100000, -(1 << 30))))

def old_timestamp(c, data):
    """Much older than the last; or one where none was agreed on."""
    c.emit(data, options=c.stamp(c.clock() - c.rng.choice((100000, 1 << 30))))

def many_fragments(c, data):
    fragments(c, data, (8, 16))

def bad_option(c, data):
    c.emit(data, options=c.rng.choice((b"\x08\0\1\1", b"\xfd\4ab", bytes((19, 18)) + bytes(18),
                                       bytes((29, 16)) + bytes(14))) + c.options()[:12])


INSIDE = [bad_checksum, urgent, urgent_pointer_alone, no_ack_flag, odd_flags, syn_inside,
          reset_elsewhere, reset_elsewhere, reset_exact, fin_elsewhere, fin_with_bad_ack, bad_ack,
          shifted, shifted, odd_options, odd_options, odd_timestamp, windows, ahead, out_of_window, behind,
          keep_alive, reserved_bits, ecn_bits, data_offset, bad_length, padding, odd_ip,
          ip_options, fragments, fragments, syn_elsewhere, valid]
HARMLESS = [bad_checksum, urgent, no_ack_flag, odd_flags, reset_far, fin_far, ack_far,
            far_out_of_window, old_timestamp, bad_option, bad_length, many_fragments]
BEFORE = [bad_checksum, no_ack_flag, odd_flags, reset_elsewhere, bad_ack, fragments,
          syn_with_data, syn_with_options, syn_with_options, syn_elsewhere, valid]


# -- running and judging -------------------------------------------------------

class Stage:
    """Runs conversations, many at once."""

    def __init__(self, net, at_once=60):
        self.link = wire.Wire(net)
        self.at_once = at_once
        self.by_key, self.waiting = {}, {}
        self.timers, self.serial = [], 0

    def run(self, seeds, trace=False):
        """Runs the conversations of @seeds and returns them all."""
        done, seeds = [], iter(seeds)
        exhausted = False
        while not exhausted or self.by_key:
            while not exhausted and len(self.by_key) < self.at_once:
                seed = next(seeds, None)
                if seed is None:
                    exhausted = True
                    break
                c = Conversation(self.link, seed)
                c.trace = [] if trace else None
                self.by_key[c.key] = c
                self._go_on(c, done)
            self._wait(done)
        return done

    def _go_on(self, c, done):
        """Lets @c act until it has something to wait for, or is done."""
        for wish in c.script:
            condition, seconds = wish if isinstance(wish, tuple) else (None, wish)
            if condition and condition():
                continue
            self.serial += 1
            self.waiting[c] = self.serial, condition
            heapq.heappush(self.timers, (time.monotonic() + seconds, self.serial, c))
            return
        del self.by_key[c.key]
        self.waiting.pop(c, None)
        c.script = None
        done.append(c)

    def _wait(self, done):
        now = time.monotonic()
        pause = min(0.05, self.timers[0][0] - now) if self.timers else 0
        for segment in self.link.receive(pause):
            c = self.by_key.get(segment.key)
            if c:
                c.take(segment)
                _, condition = self.waiting[c]
                if condition and condition():
                    self._go_on(c, done)
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            _, serial, c = heapq.heappop(self.timers)
            if self.waiting.get(c, (0,))[0] == serial:
                self._go_on(c, done)


@dataclasses.dataclass
class Connection:
    """What the sink knows of one."""

    address: str
    port: int
    waited: bool = False
    reads: list = dataclasses.field(default_factory=list)


class Observer:
    """Follows the sink's log and what the gate says it wrote."""

    def __init__(self, sink_log, written_file):
        self.files = [sink_log, written_file]
        self.streams = {}
        self.halves = {}
        self.forget()
        self.open = {}

    def forget(self):
        self.by_client, self.written = {}, {}

    def _new_lines(self, path):
        if path not in self.streams:
            if not path.exists():
                return
            self.streams[path] = open(path, encoding="ascii")
        text = self.halves.get(path, "") + self.streams[path].read()
        lines = text.split("\n")
        self.halves[path] = lines.pop()
        yield from lines

    def update(self):
        log, written = self.files
        for line in self._new_lines(written):
            address, port, data = line.split()
            self.written.setdefault((address, int(port)), []).append(bytes.fromhex(data))
        for line in self._new_lines(log):
            self._note(line.split())

    def _note(self, words):
        if words[0] == "A":
            c = Connection(words[2].removeprefix("::ffff:"), int(words[3]))
            self.open[words[1]] = c
            self.by_client.setdefault((c.address, c.port), []).append(c)
        elif words[0] == "W":
            self.open[words[1]].waited = True
        elif words[0] == "R":
            self.open[words[1]].reads.append(bytes.fromhex(words[2]))
        elif words[0] == "E":
            del self.open[words[1]]

    def all_over(self):
        self.update()
        return not self.open

    def what_is_unsafe(self, c):
        """What must never be, with conversation @c, in words, or ""."""
        connections = self.by_client.get((c.address, c.sport), [])
        written = self.written.get((c.address, c.sport), [])
        left = iter(written)
        for connection in connections:
            if not connection.reads:
                return "accepted without a request"
            if connection.waited:
                return "accepted before the request was there"
            stream = b"".join(connection.reads)
            if MARK in stream:
                return f"read what has no place in a head: {stream}"
            found = [m[0] for m in CANONICAL.finditer(stream)]
            if b"".join(found) != stream:
                return f"read what is not canonical: {stream}"
            if not CANONICAL.match(connection.reads[0]):
                return f"accepted with less than a head: {connection.reads[0]}"
            if not all(head in left for head in found):	# in this order
                return f"the gate says it wrote {written}, read was {connections}"
        return ""

    def what_is_lost(self, c):
        """What an honest client did not get, in words, or ""."""
        if c.failed or not c.honest:
            return c.failed
        n = sum(len(CANONICAL.findall(b"".join(connection.reads)))
                for connection in self.by_client.get((c.address, c.sport), []))
        return "" if n == c.heads else f"{c.heads} requests were acknowledged, {n} were read"
