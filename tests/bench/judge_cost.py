#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gate costs, and what the judge costs as a process of its own.

    sudo make bench-judge             ROUNDS=5 SECONDS=3 AT_ONCE=16 if not given

Complete connection requests (GET, 401, GET with digest, 200; two connections)
in a second, from the acs namespace to a fast agent in the router's, in four ways:

    direct          no rules
    accept-all      every packet through NFQUEUE to a loop that accepts it
    in-process      the gate with the judge's code inside the guard
    process         the gate as it is
    other           another build of it, if OTHER names its cwmpgated

The ways take turns within each round, so that what else happens on the machine
happens to all of them.  Ratios are made within a round; on a machine that is
not idle look at the processor's time that the gate (or the loop) took for one.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))

import lab
import ways
from ways import cpu_us, name_of, spread, unique

ROUNDS = int(os.environ.get("ROUNDS", 5))
SECONDS = os.environ.get("SECONDS", "3")
AT_ONCE = os.environ.get("AT_ONCE", "16")


def in_process(net):
    return ways.gated(net, ways.BENCH / "cwmpgated")


WAYS = {"direct": ways.direct, "accept-all": ways.accept_all, "in-process": in_process,
        "process": ways.gated}
if "OTHER" in os.environ:
    WAYS["other"] = lambda net: ways.gated(net, pathlib.Path(os.environ["OTHER"]))


class Result:
    """One way in one round."""

    def __init__(self, net, way):
        with WAYS[way](net) as pids:
            before = sum(map(cpu_us, pids))
            found = ways.load(net, "-t", SECONDS, "-n", AT_ONCE)
            self.rate, self.failed = found["rate"], found["failed"]
            self.median, self.slow = found["p50"], found["p99"]
            self.cpu = (sum(map(cpu_us, pids)) - before) / (self.rate * float(SECONDS))
            self.memory = {name_of(pid): unique(pid) for pid in pids}


def show(found):
    print(f"{'requests/s':14} {'min':>8} {'median':>8} {'max':>8}   {'failed':>6} "
          f"{'median us':>9} {'99% us':>7} {'CPU us':>7}")
    for way, rounds in found.items():
        low, middle, high = spread(r.rate for r in rounds)
        failed = sum(r.failed for r in rounds)
        median, slow, cpu = (spread(getattr(r, x) for r in rounds)[1]
                             for x in ("median", "slow", "cpu"))
        print(f"{way:14} {low:8.0f} {middle:8.0f} {high:8.0f}   {failed:6.0f} "
              f"{median:9.0f} {slow:7.0f} {cpu:7.1f}")
    print(f"\n{'requests/s to requests/s':32} {'min':>6} {'median':>6} {'max':>6}")
    for a, b in (("process", "in-process"), ("process", "accept-all"), ("process", "direct"),
                 ("accept-all", "direct"), ("other", "process"), ("other", "in-process")):
        if a not in found:
            continue
        ratios = [x.rate / y.rate for x, y in zip(found[a], found[b])]
        print(f"{a + ' : ' + b:32} " + " ".join(f"{r:6.3f}" for r in spread(ratios)))
    memory = [r.memory for r in found["process"]]
    print("\nmemory of their own after the load, KiB")
    for name in memory[0]:
        print(f"{name:14} {spread(m[name] for m in memory)[1]:6}")
    print(f"{'together':14} {spread(sum(m.values()) for m in memory)[1]:6}")


def main():
    lab.unwind_on_signals()
    lab.sweep()
    found = {way: [] for way in WAYS}
    with lab.Net() as net:
        ways.prepare(net)
        for number in range(ROUNDS):
            for way in WAYS if number % 2 else reversed(WAYS):
                found[way].append(Result(net, way))
                time.sleep(0.2)
    show(found)


if __name__ == "__main__":
    main()
