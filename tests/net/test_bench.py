# SPDX-License-Identifier: GPL-2.0-or-later
"""The load of `make bench` is what it says: whole requests, times, floods."""

import json
import pathlib
import signal
import subprocess
import sys
import time

import pytest

import lab

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import ways
from replayed import FLOOD
from ways import BENCH, PORT

pytestmark = pytest.mark.not_replayed(FLOOD)


@pytest.fixture
def gate(unstarted_gate, net):
    """In front of the benchmarks' agent; the oracle of the other tests knows only its own."""
    ways.prepare(net)
    with ways.agent(net):
        yield unstarted_gate.start()


WIDE = pytest.mark.config(acs=ways.ALLOWED, **ways.MUCH)


@WIDE
@pytest.mark.parametrize("address, first", [(lab.ROUTER4, ways.SOURCE4),
                                            (lab.ROUTER6, ways.SOURCE6)], ids=["IPv4", "IPv6"])
def test_complete_requests(net, gate, address, first):
    """On new and kept connections, in the closed and the open loop."""
    complete = connections = 0
    for options in (), ("-k",), ("-r", 40):
        found = ways.load(net, "-t", 0.5, "-n", 4, "-s", first, "-S", 5, *options, address=address)
        assert found["begun"] >= 5 and found["failed"] == 0, found
        complete += found["begun"]
        connections += found["begun"] * (1 if "-k" in options else 2)
    gate.expect("AUTHENTICATED", n=complete)
    gate.expect("SYN", n=connections)
    counters, recent = gate.status()
    assert counters["AUTHENTICATED"] == counters["NO_CREDENTIALS"] == complete
    assert counters["SYN"] < connections + complete / 2, "one for both requests when kept"
    assert len({words[1] for words in recent if words[1].startswith(first[:4])}) > 1


@WIDE
def test_wrong_password_fails(net, gate):
    """A request counts only with the status that ends it."""
    done = net.acs.run(BENCH / "load", "-t", 0.2, lab.ROUTER4, PORT, "acs", "guess")
    found = json.loads(done.stdout)
    assert found["status"] == found["begun"] > 0 and found["rate"] == 0, found
    gate.expect("DIGEST_WRONG", n=found["begun"])


def test_late_from_when_it_was_due(net):
    """A pause of the agent is everybody's who was due in it, not of one request."""
    with ways.agent(net) as agent:
        process = net.acs.spawn(BENCH / "load", "-t", 1.5, "-n", 1, "-r", 100, lab.ROUTER4, PORT,
                                "x", "y", stdout=subprocess.PIPE)
        time.sleep(0.5)
        agent.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        agent.send_signal(signal.SIGCONT)
        found = json.loads(process.communicate(timeout=20)[0])
    assert found["begun"] == 150 and found["failed"] == 0, found
    # A third was due in the pause, evenly: a tenth of all waited over two thirds of it.
    assert found["p90"] > 300000, found


FLOODS = {
    ("packets", "syn"): ("SYN", "SYN_ACK"),
    ("packets", "ack"): ("NO_FLOW",),
    ("packets", "mix"): ("SYN", "NO_FLOW"),
    ("connections", "unauthenticated"): ("NO_CREDENTIALS", "REPLY"),
    ("connections", "malformed"): ("NOT_GET", "WRONG_PATH", "TRAILING"),
    ("connections", "slow"): ("PARTIAL",),
    ("connections", "hold"): ("NO_CREDENTIALS", "REPLY"),
}


@WIDE
@pytest.mark.parametrize("address, spoofed, own", [(lab.ROUTER4, ways.SPOOFED4, ways.SOURCE4),
                                                   (lab.ROUTER6, ways.CROWD6, ways.SOURCE6)],
                         ids=["IPv4", "IPv6"])
def test_floods(net, gate, address, spoofed, own):
    """They are what the gate takes them for, and bounded."""
    link = "-i", "eth0", "-m", net.router.mac("wan0")
    for what, reasons in FLOODS.items():
        before = {reason: gate.count(reason) for reason in reasons}
        options = (*link, "-s", spoofed) if what[0] == "packets" else ("-s", own)
        done = net.acs.run(BENCH / "flood", *what, *options, "-r", 200, "-t", 0.5, "-S", 20,
                           address, PORT)
        found = json.loads(done.stdout)
        assert 20 <= found["begun"] <= 101 and found["seconds"] < 1.5, found
        for reason in reasons:
            gate.expect(reason, n=before[reason] + 2)
