#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gate costs, and what the judge costs as a process of its own.

    sudo make bench                   ROUNDS=5 SECONDS=3 AT_ONCE=16 if not given

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

import contextlib
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))

import gate as gate_module
import lab
from gate import PASSWORD, USER

BENCH = lab.REPO / "build/bench"
ROUNDS = int(os.environ.get("ROUNDS", 5))
SECONDS = os.environ.get("SECONDS", "3")
AT_ONCE = os.environ.get("AT_ONCE", "16")
PORT, QUEUE = 7547, 99
MUCH = dict.fromkeys(("attempts", "requests", "all_requests", "syn"), "1000000/s burst 1000000")


def listening(process, word):
    line = process.stdout.readline().decode().strip()
    assert line == word, f"{process.args}: {line!r}"
    return process


@contextlib.contextmanager
def running(host, word, *argv):
    process = listening(host.spawn(*argv, stdout=subprocess.PIPE), word)
    try:
        yield process
    finally:
        lab.end(process)


def load(net):
    """What load.c prints, as numbers, without the longest time."""
    done = net.acs.run(BENCH / "load", lab.ROUTER4, PORT, SECONDS, AT_ONCE, USER, PASSWORD)
    return [float(x) for x in done.stdout.split()[:4]]


@contextlib.contextmanager
def direct(net):
    yield []


@contextlib.contextmanager
def accept_all(net):
    rules = [("INPUT", "--dport"), ("OUTPUT", "--sport")]

    def change(how):
        for chain, port in rules:
            net.router.run("iptables-nft", "-t", "mangle", how, chain, "-p", "tcp", port, PORT,
                           "-j", "NFQUEUE", "--queue-num", QUEUE)
    change("-A")
    with running(net.router, "accepting", BENCH / "acceptall", QUEUE) as loop:
        yield [loop.pid]
    change("-D")


@contextlib.contextmanager
def gated(net, daemon):
    gate_module.DAEMON = daemon
    gate = gate_module.Gate(net, **MUCH)
    argv = gate.argv
    gate.argv = lambda *more: argv(*more[:more.index("-w")] if "-w" in more else more)
    gate.start()
    yield gate.processes().values()
    gate.stop()
    gate.unload()


def in_process(net):
    return gated(net, BENCH / "cwmpgated")


def process(net):
    return gated(net, lab.REPO / "build/cwmpgated")


WAYS = {"direct": direct, "accept-all": accept_all, "in-process": in_process, "process": process}
if "OTHER" in os.environ:
    WAYS["other"] = lambda net: gated(net, pathlib.Path(os.environ["OTHER"]))


class Result:
    """One way in one round."""

    def __init__(self, net, way):
        with WAYS[way](net) as pids:
            before = sum(map(cpu_us, pids))
            self.rate, self.failed, self.median, self.slow = load(net)
            self.cpu = (sum(map(cpu_us, pids)) - before) / (self.rate * float(SECONDS))
            self.memory = {name_of(pid): unique(pid) for pid in pids}


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


def cpu_us(pid):
    """What it has used of the processor, in user and kernel."""
    fields = pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(fields[0]) / 1000


def unique(pid):
    """KiB that no other process has."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in rollup.splitlines()
               if line.startswith(("Private_Clean:", "Private_Dirty:")))


def spread(values):
    """Least, median and greatest."""
    ordered = sorted(values)
    return ordered[0], ordered[len(ordered) // 2], ordered[-1]


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
        net.acs.sysctl("net.ipv4.ip_local_port_range", "10000 65000")
        with running(net.router, "listening", BENCH / "agent", PORT):
            for number in range(ROUNDS):
                for way in WAYS if number % 2 else reversed(WAYS):
                    found[way].append(Result(net, way))
                    time.sleep(0.2)
    show(found)


if __name__ == "__main__":
    main()
