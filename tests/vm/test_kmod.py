# SPDX-License-Identifier: GPL-2.0-or-later
"""What the module does with packets, one configuration at a time, in a real kernel."""

import ipaddress
import os
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest

import genl
import lab
import wire
from line import Line
from wire import ACK, FIN, PSH, RST, SYN, URG

PORT = 7547


def packed(address):
    return ipaddress.ip_address(address).packed


def packet(src=lab.ACS4, dst=None, flags=SYN, data=b"", *, sport=40000, dport=PORT, ip=None,
           **tcp):
    """A whole packet of the family of @src."""
    six = ":" in src
    a, b = packed(src), packed(dst or (lab.ROUTER6 if six else lab.ROUTER4))
    segment = wire.tcp(a, b, sport, dport, 1000, 2000, flags, data, **tcp)
    return (wire.ip6 if six else wire.ip4)(a, b, segment, **(ip or {}))


EDGES = [
    ("192.0.2.0/28", {"192.0.1.255": False, "192.0.2.0": True, "192.0.2.15": True,
                      "192.0.2.16": False}),
    ("203.0.113.7/32", {"203.0.113.6": False, "203.0.113.7": True, "203.0.113.8": False}),
    ("198.51.100.128/25", {"198.51.100.127": False, "198.51.100.128": True,
                           "198.51.100.255": True, "198.51.101.0": False}),
    ("2001:db8:1::/48", {"2001:db8:0:ffff::1": False, "2001:db8:1::": True,
                         "2001:db8:1:ffff:ffff:ffff:ffff:ffff": True, "2001:db8:2::": False}),
    ("2001:db8:5::8/125", {"2001:db8:5::7": False, "2001:db8:5::8": True,
                           "2001:db8:5::f": True, "2001:db8:5::10": False}),
    ("2001:db8:6::1/128", {"2001:db8:6::": False, "2001:db8:6::1": True,
                           "2001:db8:6::2": False}),
    ("0.0.0.0/0", {"203.0.113.9": True, "2001:db8:1::10": False}),
    ("::/0", {"203.0.113.9": False, "2001:db8:1::10": True}),
]


@pytest.mark.parametrize("prefix,asked", EDGES, ids=[p for p, _ in EDGES])
def test_allowlist_edges(family, line, seen, prefix, asked):
    family.set([prefix])
    for address, allowed in asked.items():
        line.put(packet(address))
        assert seen(1) == {"passed" if allowed else "not_acs": 1}, address


def test_all_edges_in_one_list(family, line, seen):
    """With others around them, half of which cover the rest."""
    family.set([p for p, _ in EDGES[:6]] + ["192.0.2.8/29", "2001:db8:1:2::/64"] +
               [f"10.{i}.0.0/16" for i in range(0, 256, 2)])
    for _, asked in EDGES[:6]:
        for address, allowed in asked.items():
            line.put(packet(address))
            assert seen(1) == {"passed" if allowed else "not_acs": 1}, address
    assert struct.unpack("=I", family.get()[genl.CWMPGATE_A_SIZE])[0] == 6 + 128


def test_largest_list(family, line, seen):
    family.set([f"10.{i // 256}.{i % 256}.0/24" for i in range(2048)] +
               [f"2001:db8:{i:x}::/48" for i in range(2048)])
    for address, allowed in (("10.7.255.1", True), ("10.8.0.1", False),
                             ("2001:db8:7ff::1", True), ("2001:db8:800::1", False)):
        line.put(packet(address))
        assert seen(1) == {"passed" if allowed else "not_acs": 1}, address


def test_bucket_refills(family, line, seen):
    """4/s burst 3, of one source; its neighbour has a bucket of its own."""
    family.set(["192.0.2.0/24", "2001:db8::/32"], per=(4, 1000, 3))
    for here, beside, same in (("192.0.2.10", "192.0.2.11", "192.0.2.10"),
                               ("2001:db8:7::1", "2001:db8:8::1", "2001:db8:7::ffff")):
        for _ in range(3):
            line.put(packet(here))
        assert seen(3) == {"passed": 3}
        line.put(packet(same))
        assert seen(1) == {"syn_over_rate": 1}
        line.put(packet(beside))
        line.put(packet(here, flags=ACK))		# no attempt to connect
        assert seen(2) == {"passed": 2}
        time.sleep(0.3)
        line.put(packet(here))
        assert seen(1) == {"passed": 1}


def test_sources_are_bounded_and_forgotten(family, line, seen):
    """One beyond the cap is refused, a known one is not; full buckets are forgotten."""
    family.set(["2001:db8::/32"], per=(1, genl.CWMPGATE_DAY_MS, 2))
    sources = [f"2001:db8:{i >> 8:x}:{i & 255:x}::2" for i in range(genl.CWMPGATE_SOURCES_MAX + 20)]
    for i, source in enumerate(sources):
        line.put(packet(source))
        if i % 512 == 0:
            family.sources()				# gives the other side its turn
    assert seen(len(sources)) == {"passed": genl.CWMPGATE_SOURCES_MAX, "sources_full": 20}
    assert family.sources() == genl.CWMPGATE_SOURCES_MAX
    line.put(packet(sources[0]))
    assert seen(1) == {"passed": 1}
    time.sleep(2)
    assert family.sources() == genl.CWMPGATE_SOURCES_MAX	# not one of them is full again
    family.set(["2001:db8::/32"], per=(1000, 1000, 1))
    for source in sources[:300]:
        line.put(packet(source))
    assert seen(300) == {"passed": 300}
    lab.wait_until(lambda: family.sources() == 0, "forgotten", 10)


OPTION = {"mss": b"\2\4\5\xb4", "timestamp": b"\1\1\x08\x0a" + bytes(8)}
HEADERS = {
    "fin alone": ("bad_flags", dict(flags=FIN)),
    "no flags": ("bad_flags", dict(flags=0)),
    "syn and fin": ("bad_flags", dict(flags=SYN | FIN)),
    "syn and rst": ("bad_flags", dict(flags=SYN | RST)),
    "every flag": ("urgent", dict(flags=0xff)),
    "urgent": ("urgent", dict(flags=ACK | URG, data=b"GE")),
    "data on the syn": ("syn_data", dict(data=b"GE")),
    "header too short": ("bad_tcp", dict(flags=ACK, doff=4)),
    "header of nothing": ("bad_tcp", dict(flags=ACK, doff=0)),
    "header longer than the packet": ("truncated", dict(flags=ACK, doff=15)),
    "reserved bit": ("bad_tcp", dict(flags=ACK, reserved=8)),
    "port zero": ("bad_tcp", dict(sport=0)),
    "mss on data": ("bad_option", dict(flags=ACK, options=OPTION["mss"])),
    "option twice": ("bad_option", dict(options=OPTION["mss"] * 2)),
    "option without end": ("bad_option", dict(options=b"\1\1\1\2")),
    "option of length 0": ("bad_option", dict(options=b"\2\0\0\0")),
    "fast open": ("bad_option", dict(options=b"\x22\2\0\0")),
    "md5": ("bad_option", dict(options=b"\x13\x12" + bytes(16))),
    "mptcp": ("bad_option", dict(options=b"\x1e\x0c" + bytes(10))),
    "word after the last option": ("bad_option", dict(options=b"\0\0\0\1")),
    "good syn": ("passed", dict(options=OPTION["mss"])),
    "good data": ("passed", dict(flags=ACK | PSH, data=b"GET / HTTP/1.1\r\n\t~",
                                 options=OPTION["timestamp"])),
    "rst": ("passed", dict(flags=RST)),
    "rst with a reason": ("passed", dict(flags=RST | ACK, data=b"\0\xffwhy")),
    "keep-alive probe": ("passed", dict(flags=ACK, data=b"\0")),
    "fin": ("passed", dict(flags=FIN | ACK)),
}


@pytest.mark.parametrize("source", [lab.ACS4, lab.ACS6])
def test_headers(family, line, seen, source):
    family.set(["192.0.2.0/24", "2001:db8::/32"])
    for name, (reason, fields) in HEADERS.items():
        line.put(packet(source, **fields))
        assert seen(1) == {reason: 1}, name


def test_ip_headers(family, line, seen):
    family.set(["192.0.2.0/24", "2001:db8::/32"])
    for name, reason, made in (
            ("options", "bad_ip", packet(ip={"options": b"\1\1\1\0"})),
            ("reserved bit", "bad_ip", packet(ip={"fragment": 0x8000})),
            ("to itself", "bad_ip", packet(lab.ROUTER4)),
            ("to itself, IPv6", "bad_ip", packet(lab.ROUTER6)),
            ("first fragment", "fragment", packet(ip={"fragment": 0x2000})),
            ("wrong TCP checksum", "passed", packet(bad_sum=True))):	# the guard's work
        line.put(made)
        assert seen(1) == {reason: 1}, name
    for made in (packet(ip={"fragment": 0x0004}), packet(ip={"fragment": 0x2004}),
                 packet(ip={"protocol": 17})):
        line.put(made)
    line.put(packet())
    assert seen(1) == {"passed": 1}			# the others were not even counted


def extended(headers, body, source=lab.ACS6):
    """@headers: (its own number, bytes after "next header")."""
    kinds = [k for k, _ in headers] + [6]
    raw = b"".join(bytes([kinds[i + 1]]) + rest for i, (_, rest) in enumerate(headers))
    return wire.ip6(packed(source), packed(lab.ROUTER6), raw + body, next_header=kinds[0])


def test_extension_headers(family, line, seen):
    family.set(["2001:db8::/32"])
    segment = packet(lab.ACS6)[40:]
    hop, route, options = (0, b"\0" + b"\1\4" + bytes(4)), (43, b"\0" + b"\4\0" + bytes(4)), \
        (60, b"\0" + b"\1\4" + bytes(4))
    for name, headers, reason in (
            ("hop by hop", [hop], "extension_header"),
            ("options", [options], "extension_header"),
            ("routing", [route], "extension_header"),
            ("many", [hop, options, route, options], "extension_header"),
            ("atomic fragment", [(44, b"\0\0\0" + bytes(4))], "extension_header"),
            ("first fragment", [(44, b"\0\0\1" + bytes(4))], "fragment"),
            ("behind options", [options, (44, b"\0\0\1" + bytes(4))], "fragment")):
        line.put(extended(headers, segment))
        assert seen(1) == {reason: 1}, name
    line.put(extended([(44, b"\0\0\x09" + bytes(4))], segment))		# a later one
    line.put(extended([(60, b"\xff" + bytes(6))], segment))		# longer than it is
    line.put(packet(lab.ACS6))
    assert seen(1) == {"passed": 1}


@pytest.mark.parametrize("source", [lab.ACS4, lab.ACS6])
def test_every_byte(family, line, seen, source):
    """In two bytes of payload; one alone may be a keep-alive probe."""
    family.set(["192.0.2.0/24", "2001:db8::/32"])
    good = [b for b in range(256) if b in b"\t\r\n" or 0x20 <= b <= 0x7e]
    bad = [b for b in range(256) if b not in good]
    for b in good:
        line.put(packet(source, flags=ACK, data=bytes([0x47, b])))
    assert seen(len(good)) == {"passed": len(good)}
    for b in bad:
        line.put(packet(source, flags=ACK, data=bytes([b, 0x47])))
    assert seen(len(bad)) == {"bad_byte": len(bad)}


PAGE = os.sysconf("SC_PAGESIZE")
NO_LINGER = struct.pack("ii", 1, 0)		# a reset ends what would be sent again
SPOTS = [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE, 3 * PAGE - 1]


@pytest.mark.parametrize("address", [lab.ROUTER4, lab.ROUTER6])
def test_bytes_across_pages(net, family, seen, address):
    """sendfile(2) gives the kernel's own pages: one segment, not yet cut, in three pieces."""
    family.set(["192.0.2.0/24", "2001:db8::/32"])
    with net.router.listen("::", PORT) as listener, tempfile.TemporaryFile() as file:
        for spot in [None, *SPOTS]:
            text = bytearray(b"a" * 3 * PAGE)
            if spot is not None:
                text[spot] = 0x80
            file.seek(0)
            file.write(text)
            file.flush()
            with net.acs.connect(address, PORT) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                peer, _ = listener.accept()
                with peer:
                    seen(1)
                    os.sendfile(s.fileno(), file.fileno(), 0, len(text))
                    peer.settimeout(5 if spot is None else 0.15)
                    try:
                        got = peer.recv(len(text), socket.MSG_WAITALL)
                    except socket.timeout:
                        got = b""
                    found = seen(1)
            if spot is None:
                assert got == text and "bad_byte" not in found
            else:
                assert 0x80 not in got and found["bad_byte"] >= 1, spot


def test_no_others(net, family, line, seen):
    """Other ports, other addresses, other protocols, other interfaces: nobody's business."""
    family.set(["203.0.113.0/24"], interfaces=["wan0"])
    for made in (packet(dport=80), packet(dst="192.0.2.77"), packet(lab.ACS6, "2001:db8:1::77"),
                 packet(lab.ACS6, dport=22)):
        line.put(made)
    with pytest.raises(ConnectionRefusedError):
        net.stranger.connect(lab.ROUTER4_FAR, PORT, seconds=3)	# by wan1
    line.put(packet())
    assert seen(1) == {"not_acs": 1}


def test_counting_drops_nothing(net, family, seen):
    family.set(["203.0.113.0/24"], action=genl.CWMPGATE_COUNT)
    with pytest.raises(ConnectionRefusedError):
        net.acs.connect(lab.ROUTER4, PORT, seconds=3)
    assert seen(1) == {"not_acs": 1}


def test_dropping_costs_no_conntrack_entry(net, family, line, seen):
    net.router.run("nft", "add table inet t; add chain inet t c "
                   "{ type filter hook input priority 0; }; add rule inet t c ct state new accept")
    try:
        before = net.router.conntrack()
        family.set(["203.0.113.0/24"])
        line.put(packet())
        assert seen(1) == {"not_acs": 1}
        assert net.router.conntrack() == before
        family.delete()
        with net.router.listen("::", PORT):
            line.put(packet(sport=40001))
            lab.wait_until(lambda: net.router.conntrack() == before + 1, "tracked", 3)
    finally:
        net.router.run("nft", "delete table inet t")


def test_the_daemons_own_resets(net, family, seen):
    """By the loopback and marked; marked from outside or unmarked is like everything else."""
    family.set(["203.0.113.0/24"], mark=0x40000000)

    def connect(mark):
        with net.router.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
            s.settimeout(0.3)
            return s.connect_ex((lab.ROUTER4, PORT))
    assert connect(0x40000000) == 111			# ECONNREFUSED: it came through
    assert connect(0x20000000) != 111
    assert "not_acs" in seen(1)


class Traffic:
    """Packets for the port, by the thousand each second, until it is stopped."""

    def __init__(self, line, packets):
        self.line, self.packets, self.stopped, self.sent = line, packets, False, 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while not self.stopped:
                for p in self.packets:
                    self.line.put(p)
                    self.sent += 1
                time.sleep(0.001)	# the one processor is not for this alone
        except OSError:
            pass			# the other end is gone, with its namespace

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.thread.join()


def mixture(source=lab.ACS4):
    return [packet(source), packet(lab.ACS6), packet(source, flags=ACK, data=b"GET / "),
            packet(lab.NEIGHBOUR4), packet(lab.ACS6, flags=ACK, data=b"\x80\x81"),
            packet(source, ip={"fragment": 0x2000})]


def test_swap_under_traffic(family, line, seen):
    """Who is in the old and in the new list is never refused in between."""
    lists = [[f"{lab.ACS4}/32"], ["192.0.2.0/25", "10.0.0.0/8"], [f"{lab.ACS4}/31", "::/0"]]
    family.set(lists[0])
    with Traffic(line, [packet(lab.ACS4, flags=ACK)]) as traffic:
        for i in range(100):
            family.set(lists[i % 3])
            lab.wait_until(lambda: traffic.sent > i + 1, "traffic")
    found = seen(traffic.sent)
    assert set(found) == {"passed"} and found["passed"] > 100


def test_end_and_begin_under_traffic(family, line, seen):
    with Traffic(line, mixture()):
        for _ in range(50):
            family.set(["192.0.2.0/28"], per=(1, 1000, 1))
            time.sleep(0.003)
            family.delete()
    assert "fragment" in seen(1)


def test_namespaces_come_and_go(module):
    """Each with a configuration, and traffic in it, when it goes."""
    for _ in range(8):
        with lab.Net() as net, genl.Family(net.router) as f:
            f.set(["192.0.2.0/28", "2001:db8::/32"])
            line = Line(net)
            with Traffic(line, mixture()):
                lab.wait_until(lambda: f.counters()["passed"], "traffic", 60)
                f.close()
                net.router.remove()
            line.close()


def test_namespaces_are_apart(net, family, line, seen):
    family.set(["203.0.113.0/24"])
    with genl.Family(net.acs) as other:
        assert genl.CWMPGATE_A_ACTION not in other.get()
        other.set(["192.0.2.0/24"])
        line.put(packet())
        assert seen(1) == {"not_acs": 1}
        assert not any(other.counters().values())
        other.delete()
    assert genl.CWMPGATE_A_ACTION in family.get()


def test_loss_is_told(net, family):
    with genl.Family(net.router) as listener, genl.Family(net.acs) as elsewhere:
        listener.listen()
        elsewhere.listen()
        elsewhere.socket.settimeout(0.3)
        family.set(["192.0.2.0/24"])
        family.delete()
        assert listener.next_notice() == genl.CWMPGATE_CMD_LOST
        family.set(["192.0.2.0/24"])
        assert genl.rmmod() == 0
        assert listener.next_notice() == genl.CWMPGATE_CMD_LOST
        with pytest.raises(socket.timeout):
            elsewhere.next_notice()
    genl.insmod()


def test_load_and_unload_under_traffic(net, line):
    with Traffic(line, mixture()):
        for i in range(int(100 / lab.PATIENCE)):
            assert genl.rmmod() == 0
            assert not os.path.exists("/sys/kernel/slab/cwmpgate_source")
            genl.insmod()
            assert genl.is_loaded()
            if i % 2:
                with genl.Family(net.router) as f:
                    f.set(["192.0.2.0/28", "2001:db8::/32"])
                    if i % 20 == 1:
                        lab.wait_until(lambda: f.counters()["passed"], "traffic", 60)


PROBE = """
import sys
sys.path[:0] = sys.argv[1:3]
import genl
f = genl.Family(None)
f.set(["192.0.2.0/24"])
print(len(f.counters()))
"""


def probe(*before):
    here = lab.REPO / "tests"
    return subprocess.run([*before, "/usr/bin/python3", "-B", "-c", PROBE, here / "vm",
                           here / "net"], text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def test_who_may_ask(module):
    """Nobody without CAP_NET_ADMIN; in a container of his own everybody."""
    done = probe("setpriv", "--reuid=65534", "--clear-groups")
    assert done.returncode != 0 and "EPERM" in done.stderr
    done = probe("unshare", "--user", "--map-root-user", "--net")
    assert done.returncode == 0 and int(done.stdout) >= 14, done.stderr
