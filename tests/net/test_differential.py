# SPDX-License-Identifier: GPL-2.0-or-later
"""Thousands of made-up conversations against the real kernel (differential.py).

    SEED=n      the first seed, 1 if not given
    COUNT=n     so many conversations from there
    CWMPGATED   the daemon; if not given, one with sanitizers is made

Every failure names the command that repeats it.
"""

import os
import subprocess
import time

import pytest

import gate as gate_module
import lab
from differential import BLOCK, SOURCE4, SOURCE6, Observer, Stage, cookies_of
from replayed import FLOOD

pytestmark = pytest.mark.not_replayed(FLOOD)

SEED = int(os.environ.get("SEED", 1))
COUNT = int(os.environ.get("COUNT", 20000))
TRACED = 5			# up to so many are shown packet by packet
ROUND = 20000			# then everything must be closed, and is forgotten
LOST = 0.003			# of them all; 1 % of the honest ones
IDLE_S = 30 + 10		# limit.h, IDLE_MS, and time to notice
BUDGETS = dict.fromkeys(("attempts", "requests", "all_requests", "syn"),
                        "1000000/s burst 1000000")

# What a run of some size must have seen, or it tests less than it says.
SEEN = """NO_CREDENTIALS AUTHENTICATED DIGEST_WRONG NONCE_UNKNOWN PARTIAL REPEAT REDELIVERED
DEFERRED RESET FIN LATE TRUNCATED BAD_IP BAD_TCP BAD_CHECKSUM BAD_FLAGS BAD_OPTION URGENT SYN_DATA
NO_FLOW SYN_IN_FLOW RST_SEQ BAD_ACK BAD_TIMESTAMP OUT_OF_WINDOW OUT_OF_ORDER CONFLICT CLOSED_EARLY
PIPELINED AFTER_CLOSE TRAILING NOT_GET BAD_BYTE BAD_LINE_END HEAD_TOO_LONG BAD_VERSION
FIRST_BYTE_LATE HEAD_LATE""".split()


@pytest.fixture(autouse=True)
def deadline():
    """In place of the minute that other tests have."""


@pytest.fixture
def roads(net):
    """The way back to sources that no kernel owns: to acs, which keeps quiet."""
    net.acs.sysctl("net.ipv4.ip_forward", 0)
    net.acs.sysctl("net.ipv6.conf.all.forwarding", 0)
    net.router.configure(f"""\
route add {SOURCE4 % 128}/25 via {lab.ACS4}
route add {SOURCE6 % 0}/48 via {lab.ACS6}
""".replace(":0::10/48", "::/48"))


@pytest.fixture
def sink(net):
    program, log = net.dir / "sink_agent", net.dir / "sink.log"
    subprocess.run(["cc", "-O2", "-o", program, lab.REPO / "tests/net/sink_agent.c",
                    "-D_GNU_SOURCE"], check=True)
    log.touch()
    process = net.router.spawn(program, log, *lab.PORTS)
    lab.wait_until(lambda: "listening" in log.read_text(), "the sink listens")
    yield log
    assert process.poll() is None, "the sink ended"
    lab.end(process)


@pytest.fixture
def daemon(monkeypatch):
    """With sanitizers, unless CWMPGATED names another."""
    if "CWMPGATED" not in os.environ:
        subprocess.run(["make", "-s", "-C", lab.REPO, "build/san/cwmpgated"], check=True)
        monkeypatch.setattr(gate_module, "DAEMON", lab.REPO / "build/san/cwmpgated")
    # What it holds to its end was asked for before the first packet.
    monkeypatch.setitem(gate_module.ENVIRONMENT, "ASAN_OPTIONS",
                        gate_module.ENVIRONMENT["ASAN_OPTIONS"] + ":detect_leaks=0")


@pytest.fixture
def started(net, daemon, roads, sink):
    gate = gate_module.Gate(net, ban=0, **BUDGETS, acs=[
        "192.0.2.0/24", "2001:db8:1::/64", "2001:db8:8000::/48"])
    gate.start()
    yield gate
    gate.stop()
    assert not gate.sanitizer_report(), gate.log()


def repeat(seed):
    return (f"sudo SEED={seed} COUNT=1 /usr/bin/python3 -B tests/tally.py net "
            "tests/net/test_differential.py")


def blocks(first, count):
    """Runs of seeds that share a setting of SYN cookies."""
    end = first + count
    while first < end:
        last = min(end, (first // BLOCK + 1) * BLOCK)
        yield range(first, last)
        first = last


def complain(gate, conversations, wrong):
    """@wrong: (conversation, why), the first of which is told in full."""
    c, why = wrong[0]
    packets = "\n".join(c.trace or [])
    pytest.fail(f"{packets}\n{len(wrong)} of {len(conversations)} conversations went wrong; "
                f"the first: seed {c.seed}, {c.address} port {c.sport}: {why}\n{repeat(c.seed)}\n"
                f"seeds: {' '.join(str(x.seed) for x, _ in wrong[:50])}\n"
                f"counted: {gate.status()[0]}", pytrace=False)


def check(gate, observer, conversations):
    """Nothing unsafe, ever; returns how many honest requests were lost."""
    unsafe = [(c, why) for c in conversations if (why := observer.what_is_unsafe(c))]
    if unsafe:
        complain(gate, conversations, unsafe)
    lost = [(c, why) for c in conversations if (why := observer.what_is_lost(c))]
    if len(lost) > len(conversations) * LOST:
        complain(gate, conversations, lost)
    return len(lost)


def check_closed(observer, conversations):
    """The gate has seen to it that every socket of the agent is closed."""
    deadline = time.monotonic() + IDLE_S
    while not observer.all_over() and time.monotonic() < deadline:
        time.sleep(0.1)
    left = {(c.address, c.port): c for c in observer.open.values()}
    seeds = [c.seed for c in conversations if (c.address, c.sport) in left]
    if seeds:
        pytest.fail(f"{len(seeds)} sockets of the agent were not closed within {IDLE_S} s: "
                    f"{list(left.values())[:3]}\n{repeat(seeds[0])}\n"
                    f"seeds: {' '.join(map(str, seeds[:50]))}", pytrace=False)


def test_differential(net, started, sink):
    gate, observer = started, Observer(sink, started.written_file)
    stage = Stage(net)
    begun, total, honest, lost, heads = time.monotonic(), 0, 0, 0, 0
    for start in range(SEED, SEED + COUNT, ROUND):
        conversations = []
        for seeds in blocks(start, min(ROUND, SEED + COUNT - start)):
            net.router.sysctl("net.ipv4.tcp_syncookies", cookies_of(seeds[0]))
            conversations += stage.run(seeds, COUNT <= TRACED)
            assert gate.alive(), f"the daemon ended between seeds {seeds[0]} and " \
                                 f"{seeds[-1]}: {gate.log()}"
            observer.update()
            if start == SEED and len(conversations) == len(seeds):
                time.sleep(0.2)
                observer.update()
                check(gate, observer, conversations)
        seconds = time.monotonic() - begun
        time.sleep(0.3)
        observer.update()
        check(gate, observer, conversations)
        check_closed(observer, conversations)
        lost += check(gate, observer, conversations)
        total += len(conversations)
        honest += sum(c.honest for c in conversations)
        heads += sum(map(len, observer.written.values()))
        observer.forget()
    stage.link.close()
    counters = gate.status()[0]
    print(f"\n{total} conversations, {honest} of them honest ({lost} lost), in {seconds:.0f} s: "
          f"{total / seconds:.0f}/s; {stage.link.sent} packets sent, {stage.link.got} got, "
          f"{heads} heads written\n{counters}")
    if COUNT >= 10000:
        assert not [reason for reason in SEEN if not counters.get(reason)]
