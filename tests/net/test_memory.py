# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory and descriptors of the three processes stay flat, whatever comes.

    PACKETS=n   so many packets go through the gate, 300000 if not given

Leaks are looked for twice.  The unit tests, the cases and every corpus of the
fuzz targets run the same code under AddressSanitizer with its leak detector
(make check-unit); here the daemon as it is installed is measured from outside.
Nothing is allocated after the first packet (docs/design.md, G7), so once every
table has been full there is nothing that may grow.
"""

import os
import pathlib
import random
import re
import socket
import subprocess
import time

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

import lab
from agent import split_heads
from bystanders import CROWD, PYTHON, more_addresses
from gate import endpoint
from heads import authorized, bare, get_challenge
from replayed import FLOOD

pytestmark = pytest.mark.not_replayed(FLOOD)

PACKETS = int(os.environ.get("PACKETS", 300000))
ROUNDS = 3
WARM_UP = 60000
SLACK_KB = 64			# a page here and there: stacks, the allocator's edges

WIDE = dict.fromkeys(("attempts", "requests", "all_requests", "syn", "malformed"),
                     "1000000/s burst 1000000")


@pytest.fixture(autouse=True)
def deadline():
    """In place of the minute that other tests have."""


@pytest.fixture
def gate(unstarted_gate, agent):
    """The oracle of the other tests, but what was written need not be read.

    Here thousands of connections are evicted or left by their clients, some of
    them between the gate's verdict and the agent's kernel.
    """
    gate = unstarted_gate.start()
    yield gate
    assert gate.alive(), f"the daemon ended: {gate.log()}"
    connections = agent.connections()
    written = gate.written()		# before it can be read, so it is looked at after
    for c in connections:
        heads = written.get(endpoint(c.peer, c.peer_port), [])
        assert set(split_heads(c.bytes)) <= set(heads), c
        assert c.first_whole or not c.reads, c


def blind_packets(net, sources, seed, n=600):
    """Frames of all kinds that no connection stands behind."""
    choose = random.Random(seed)
    ethernet = Ether(src=net.acs.mac("eth0"), dst=net.router.mac("wan0"))
    odd_options = [[], [("MSS", 1460), ("Timestamp", (1, 0))], [(19, b"x" * 16)], [(254, b"ab")],
                   [("MSS", 1460), ("MSS", 1460)], [("WScale", 14), ("SAckOK", b"")]]
    frames = []
    for _ in range(n):
        if choose.random() < 0.7:
            ip = IP(src=choose.choice(sources), dst=lab.ROUTER4,
                    options=choose.choice([[]] * 9 + [b"\x07\x07\x04\0\0\0\0\0"]))
        else:
            ip = IPv6(src=f"2001:db8:1:0:{choose.getrandbits(16):x}::{choose.getrandbits(16):x}",
                      dst=lab.ROUTER6)
        tcp = TCP(sport=choose.randrange(1024, 61000), dport=choose.choice(lab.PORTS),
                  flags=choose.choice(["S", "S", "S", "A", "PA", "R", "RA", "F", "FA", "FPU", "",
                                       "SF", "SA", "PAU", "SEC"]),
                  seq=choose.getrandbits(32), ack=choose.getrandbits(32),
                  window=choose.getrandbits(16), options=choose.choice(odd_options))
        if choose.random() < 0.1:
            tcp.chksum = choose.getrandbits(16)
        data = choose.choice([b"", b"", bare(), b"GET", choose.randbytes(choose.randrange(900))])
        frames.append(bytes(ethernet / ip / tcp / data))
    return frames


def packets(gate):
    """How many the gate has decided on; its own decisions are among them."""
    return sum(gate.status()[0].values())


def send_until(gate, wire, frames, target):
    deadline = time.monotonic() + 60 + PACKETS / 1000
    while packets(gate) < target:
        assert time.monotonic() < deadline, f"{packets(gate)} of {target} packets"
        for _ in range(5):
            for frame in random.sample(frames, 100):
                wire.send(frame)
            time.sleep(0.001)		# or the queue overflows, which costs it nothing


CROWDS = [			# open at once, a second, first words
    (1200, 2000, b""),
    (600, 1000, b"GET /cr HTTP/1.1\r\nHos"),
    (100, 1000, bare()),
    (100, 1000, b"POST /cr HTTP/1.1\r\n\r\n"),
]


def crowds(net, sources, seconds):
    """Connections of all kinds from everywhere, beside each other."""
    guess = authorized(get_challenge(net.acs, lab.ROUTER4), password="guess")
    running = []
    for most, rate, words in [*CROWDS, (50, 500, guess)]:
        first_words = net.dir / f"words-{len(running)}"
        first_words.write_bytes(words)
        with open(first_words, "rb") as stdin:
            running.append(net.acs.spawn(PYTHON, "-B", CROWD, seconds, most, rate, lab.ROUTER4,
                                         7547, *sources, stdin=stdin,
                                         stdout=subprocess.DEVNULL))
    return running


class Size:
    """What a process holds."""

    def __init__(self, pid):
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        kb = {name: int(n) for name, n in re.findall(r"^(\w+): +(\d+) kB", rollup, re.M)}
        self.rss = kb["Rss"]
        # Clean pages are those of programs and libraries; others may map them, too.
        self.uss = kb["Private_Dirty"]
        self.descriptors = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))

    def __str__(self):
        return f"RSS {self.rss} kB, USS {self.uss} kB, {self.descriptors} descriptors"


def sizes(gate):
    return {name: Size(pid) for name, pid in gate.processes().items()}


@pytest.mark.config(acs=["192.0.2.0/24", "2001:db8:1::/48"], **WIDE)
def test_memory_is_flat(net, agent, gate, record_property):
    sources = more_addresses(net, 200)
    frames = blind_packets(net, sources, 1)
    processes = gate.processes()
    measured = []
    with net.acs.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        with net.acs.entered():
            wire.bind(("eth0", 0))
        for target in [WARM_UP] + [WARM_UP + PACKETS * (i + 1) // ROUNDS for i in range(ROUNDS)]:
            running = crowds(net, sources, 3)
            send_until(gate, wire, frames, target)
            for process in running:
                process.wait(20)
            measured.append(sizes(gate))
    assert gate.processes() == processes, f"a process was replaced: {gate.log()}"
    for reason in "EVICTED", "LATE":
        assert gate.count(reason), f"{reason}: a table was never full"
    for name in processes:
        first, *others = (m[name] for m in measured)
        record_property(name, str(others[-1]))
        print(f"{name}: {first}; after {PACKETS} packets more: {others[-1]}")
        for size in others:
            assert size.rss <= first.rss + SLACK_KB, f"{name}: {list(map(str, others))}"
            assert size.uss <= first.uss + SLACK_KB, f"{name}: {list(map(str, others))}"
            assert size.descriptors == first.descriptors
