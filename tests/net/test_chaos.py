# SPDX-License-Identifier: GPL-2.0-or-later
"""Random faults at random moments (chaos.py), and what they have found.

    MOMENTS=n       so many of them (200), in runs of 50 with seeds of their own
    SEED=n          the first of the seeds (1)
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

import chaos
import lab
from replayed import RESTARTED
from test_good import curl

pytestmark = pytest.mark.not_replayed(RESTARTED)

MOMENTS, SEED = int(os.environ.get("MOMENTS", 200)), int(os.environ.get("SEED", 1))
RUN = 50


@pytest.fixture(autouse=True)
def deadline():
    """In place of the minute that other tests have: each wait has its own."""


@pytest.mark.parametrize("seed", range(SEED, SEED + -(-MOMENTS // RUN)))
def test_moments(seed):
    with lab.Net() as net:
        print(chaos.run(net, min(RUN, MOMENTS), seed).report())
        prefix = net.prefix
    assert prefix not in subprocess.run(["ip", "netns", "list"], text=True, check=True,
                                        stdout=subprocess.PIPE).stdout
    assert not list(pathlib.Path(tempfile.gettempdir()).glob(prefix + "*"))


def test_judge_that_takes_no_orders(net, agent, gate):
    """It reads nothing more: the supervisor does not wait for it."""
    judge = gate.processes()["cwmpgate-judge"]
    os.kill(judge, signal.SIGSTOP)
    for i in range(20):
        gate.write_credentials(chaos.GOOD + f"other{i}:word\n")
        lab.wait_until(lambda n=i + 1: gate.log().count("read anew") >= n, "read", 2)
        if gate.processes().get("cwmpgate-judge") != judge:
            break
    assert "takes no orders" in gate.log()
    lab.wait_until(lambda: curl(net, lab.ROUTER4) == "200", "served again", 3)


def test_rules_that_could_not_be_loaded(net, agent, unstarted_gate):
    """It is tried again: after the first time nothing would tell of the loss."""
    gate, rules = unstarted_gate, net.dir / "rules"
    shutil.copytree(lab.REPO / "rules", rules)
    gate.environment["CWMPGATE_RULES_DIR"] = str(rules)
    gate.start()
    (rules / "enforce.nft").rename(rules / "gone")
    net.router.run("nft", "delete", "table", "inet", "cwmpgate")
    lab.wait_until(lambda: "enforce.nft" in gate.log(), "it fails", 2)
    (rules / "gone").rename(rules / "enforce.nft")
    lab.wait_until(lambda: "table inet cwmpgate" in net.router.ruleset(), "back again", 2)
    assert curl(net, lab.ROUTER4) == "200"


def test_rules_lost_again_while_they_are_loaded(net, agent, unstarted_gate):
    """
    Flushes that come faster than a load: the last one is seen, too.  Until then
    nothing closes the ports (docs/threat-model.md), so the agent may be asked directly.
    """
    gate = unstarted_gate.start()
    for _ in range(12):
        net.router.run("nft", "flush", "ruleset")
        time.sleep(0.04)
    lab.wait_until(lambda: curl(net, lab.ROUTER4) == "200" and gate.count("AUTHENTICATED"),
                   "served through the gate", 5)
    assert "table inet cwmpgate" in net.router.ruleset()
