#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gate costs, beside what could be used in its place: `make bench`.

    sudo make bench             5 to 10 minutes
    sudo make bench DOC=1       and docs/performance.md gets the tables and the plot

    ROUNDS=5 SECONDS=2          of each measurement
    RATE=500                    of the open loop, requests a second
    FLOOD=100000                packets a second from who is not listed

All ways (WAYS) take turns within each round, so that what else happens on the
machine happens to all of them; ratios and differences are made within a round.  Each
number is the median of the rounds, with the least and the greatest.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))

import lab
import ways
from ways import BENCH, PORT, cpu_us, name_of, spread, system_us, unique

ROUNDS = int(os.environ.get("ROUNDS", 5))
SECONDS = float(os.environ.get("SECONDS", 2))
RATE = float(os.environ.get("RATE", 500))
FLOOD = float(os.environ.get("FLOOD", 100000))
AT_ONCE = 16
OPEN_AT_ONCE = 64		# connections that the open loop has; who is due then waits
DOC = lab.REPO / "docs/performance.md"
PLOT = pathlib.Path(__file__).parent / "plot.gp"

# What is compared: the name in the tables, the way, and the program it needs.
WAYS = {
    "direct": (ways.direct, None),
    "accept-all": (ways.accept_all, None),
    "accept-all, batched": (ways.accept_batch, None),
    "cwmpgate": (ways.gated, None),
    "cwmpgate, monitor": (ways.monitored, None),
    "Suricata": (ways.suricata, "/usr/bin/suricata"),
    "HAProxy": (ways.haproxy, "/usr/sbin/haproxy"),
    "Apache httpd": (ways.apache, "/usr/sbin/apache2"),
}
SOURCES = ("-s", ways.SOURCE4, "-S", 10)
CLOSED = ("-t", SECONDS, "-n", AT_ONCE, *SOURCES)
OPEN = ("-t", SECONDS, "-n", OPEN_AT_ONCE, "-r", RATE, *SOURCES)
TIMES = "p50", "p90", "p99", "p99.9"


class Result:
    """One way in one round."""

    def __init__(self, net, way):
        with WAYS[way][0](net) as pids:
            before = [(cpu_us(pid), system_us(pid)) for pid in pids]
            self.new = ways.load(net, *CLOSED)
            n = max(1, self.new["begun"])
            self.cpu_of = {name_of(pid): ((cpu_us(pid) - cpu) / n, (system_us(pid) - system) / n)
                           for pid, (cpu, system) in zip(pids, before)}
            self.cpu = sum(cpu_us(pid) - cpu for pid, (cpu, _) in zip(pids, before)) / n
            self.kept = ways.load(net, "-k", *CLOSED)
            self.open = ways.load(net, *OPEN)
            self.memory = sum(map(unique, pids))

    def failed(self):
        return sum(x["failed"] for x in (self.new, self.kept, self.open))


# -- under flood ---------------------------------------------------------------

# The ACS asks 50 times a second, so the budgets have to let it.  A source is never
# banned: a ban would end the flood in the kernel, where it costs next to nothing.
ASKS = 50
BUDGETS = {"attempts": "100/s burst 100", "requests": "100/s burst 100",
           "all_requests": "400/s burst 400", "syn": "200/s burst 400"}

SPOOFED = "-s", ways.SPOOFED4, "-S", ways.SPOOFEDS4
OWN = "-s", ways.SOURCE4, "-S", ways.SOURCES4
CROWD = "-s", ways.CROWD6, "-S", 1100
# Allowed sources that behave badly: about 10000 packets a second together.
HOSTILE = [
    ("packets", "syn", "-r", 5000, *SPOOFED),
    ("packets", "mix", "-r", 2500, *SPOOFED),
    ("connections", "unauthenticated", "-r", 150, *OWN),
    ("connections", "malformed", "-r", 150, *OWN),
    ("connections", "slow", "-r", 40, *OWN),
]


def flood(net, seconds):
    """Starts all floods; they end by themselves."""
    def start(host, target, interface, what, kind, *options):
        link = ("-i", "eth0", "-m", net.router.mac(interface)) if what == "packets" else ()
        return host.spawn(BENCH / "flood", what, kind, *link, *options, "-t", seconds, target,
                          PORT, stdout=subprocess.DEVNULL)
    return [*(start(net.acs, lab.ROUTER4, "wan0", *h) for h in HOSTILE),
            start(net.stranger, lab.ROUTER4_FAR, "wan1", "packets", "mix", "-r", FLOOD,
                  "-s", "198.51.100.2", "-S", 250)]


@contextlib.contextmanager
def full_tables(net, seconds):
    """From more sources than there is room for: connections, heads, nonces."""
    ways.load(net, "-t", 0.5, "-n", 64, *CROWD, address=lab.ROUTER6)
    crowd = [net.acs.spawn(BENCH / "flood", "connections", kind, "-r", rate, "-t", seconds + 3,
                           *CROWD, lab.ROUTER6, PORT, stdout=subprocess.DEVNULL)
             for kind, rate in (("hold", 250), ("slow", 25))]
    time.sleep(3)
    try:
        yield
    finally:
        for process in crowd:
            lab.end(process)


def received(net, interface):
    with net.router.entered():
        for line in pathlib.Path("/proc/thread-self/net/dev").read_text().splitlines():
            if line.split(":")[0].strip() == interface:
                return int(line.split(":")[1].split()[1])
    raise KeyError(interface)


class Memory:
    """KiB of each process, by name."""

    def __init__(self, pids):
        self.of = {name_of(pid): unique(pid) for pid in pids}
        self.written = {name_of(pid): unique(pid, "Private_Dirty:") for pid in pids}

    def together(self):
        return sum(self.of.values())

    def written_together(self):
        return sum(self.written.values())


class Flooded:
    """How the ACS fares without and with all floods at once, and what is left of it."""

    SECONDS = max(1.0, 1.5 * SECONDS)

    def __init__(self, net):
        self.memory = {}
        ask = ("-t", self.SECONDS, "-n", AT_ONCE, "-r", ASKS, "-s", lab.ACS4, "-S", 1)
        with ways.gated(net, **BUDGETS) as pids:
            self.memory["at start"] = Memory(pids)
            self.idle = ways.load(net, *ask)
            # What grows is asked when every table has been full once.
            with full_tables(net, 2):
                for process in flood(net, 2):
                    process.wait(30)
            self.memory["all tables full"] = Memory(pids)
            running = flood(net, self.SECONDS + 1)
            time.sleep(0.5)
            begin, stranger, listed = time.monotonic(), received(net, "wan1"), received(net, "wan0")
            self.under = ways.load(net, *ask)
            seconds = time.monotonic() - begin
            self.unlisted = (received(net, "wan1") - stranger) / seconds
            self.listed = (received(net, "wan0") - listed) / seconds
            for process in running:
                process.wait(30)
            self.memory["after all floods"] = Memory(pids)

    def grew(self):
        return (self.memory["after all floods"].written_together() -
                self.memory["all tables full"].written_together())


# -- how cost grows ------------------------------------------------------------

def prefixes():
    """4096 that cannot be joined; the sources are in the last ones."""
    hosts = [f"{net}.{i}" for net in ("198.51.100", "203.0.113") for i in range(0, 256, 2)]
    nets = [f"2001:db8:{2 * i:x}::/48" for i in range(1, 4096 - len(hosts) - len(ways.ALLOWED) + 1)]
    return [*hosts, *nets, *ways.ALLOWED]


@contextlib.contextmanager
def filled(net):
    with ways.gated(net) as pids, full_tables(net, SECONDS):
        yield pids


def growing(n):
    return "-s", ways.SOURCE6, "-S", n


# One connection of a source at a time, where there are ten: in full tables who has
# more than others loses them.
FEW_AT_ONCE = 8


# The kernel spreads connections over queues by address; of IPv6 it takes little (design.md).
FOUR = "-s", ways.SOURCE4, "-S", ways.SOURCES4

GROWTH = {
    "1 source": (ways.gated, growing(1)),
    "10 sources": (ways.gated, growing(10)),
    "100 sources": (ways.gated, growing(100)),
    "1000 sources": (ways.gated, growing(1000)),
    "4096 ACS prefixes": (lambda net: ways.gated(net, acs=prefixes()), growing(10)),
    "full tables": (filled, growing(10)),
    "64 sources, IPv4": (ways.gated, FOUR),
    "64 sources, IPv4, 2 queues": (lambda net: ways.gated(net, queues=2), FOUR),
}


class Grown:
    """The gate's cost in one of these."""

    def __init__(self, net, name):
        way, sources = GROWTH[name]
        with way(net) as pids:
            before = sum(map(cpu_us, pids))
            self.load = ways.load(net, "-t", SECONDS / 2, "-n", FEW_AT_ONCE, *sources,
                                  address=lab.ROUTER4 if sources == FOUR else lab.ROUTER6)
            self.rate = self.load["rate"]
            self.cpu = (sum(map(cpu_us, pids)) - before) / max(1, self.load["begun"])


# -- the run -------------------------------------------------------------------

class Run:
    """All rounds; what could not be compared, and why, is in self.left_out."""

    def __init__(self):
        self.left_out = [f"{name} is not installed, and so not compared."
                         for name, (_, program) in WAYS.items()
                         if program and not os.access(program, os.X_OK)]
        self.found = {name: [] for name, (_, program) in WAYS.items()
                      if not program or os.access(program, os.X_OK)}
        self.flooded = []
        self.grown = {name: [] for name in GROWTH}

    def measure(self, net, number):
        for name in in_turn(list(self.found), number):
            say(f"round {number + 1} of {ROUNDS}: {name}")
            try:
                self.found[name].append(Result(net, name))
            except AssertionError as e:
                if not WAYS[name][1]:
                    raise
                del self.found[name]
                self.left_out.append(f"{name} does not work here: {e}")
            time.sleep(0.2)
        say(f"round {number + 1} of {ROUNDS}: floods")
        self.flooded.append(Flooded(net))
        for name in in_turn(list(GROWTH), number):
            say(f"round {number + 1} of {ROUNDS}: {name}")
            self.grown[name].append(Grown(net, name))


def in_turn(names, number):
    return names if number % 2 else names[::-1]


def say(words):
    print(f"\r\033[K{words}" if sys.stderr.isatty() else words, file=sys.stderr,
          end="" if sys.stderr.isatty() else "\n", flush=True)


# -- the tables ----------------------------------------------------------------

def number(x):
    return f"{x:.0f}" if abs(x) >= 20 else f"{x:.1f}" if abs(x) >= 5 else f"{x:.2f}"


def three(values):
    """Median, and in brackets the least and the greatest."""
    low, middle, high = spread(values)
    return f"{number(middle)} ({number(low)} .. {number(high)})"


def middle(values):
    return spread(values)[1]


def table(titles, rows):
    """In Markdown, and legible as it is."""
    width = [max(len(r[i]) for r in [titles, *rows]) for i in range(len(titles))]
    lines = [titles, ["-" * w for w in width], *rows]
    return ["| " + " | ".join(c.ljust(w) for c, w in zip(line, width)) + " |" for line in lines]


def ratio(a, b):
    return [x.new["rate"] / y.new["rate"] if y.new["rate"] else 0 for x, y in zip(a, b)]


def added(run, way, time_name):
    return [x.open[time_name] - y.open[time_name]
            for x, y in zip(run.found[way], run.found["direct"])]


def compared(run):
    rows = []
    for name, results in run.found.items():
        rows.append([
            name, three([r.new["rate"] for r in results]), three([r.kept["rate"] for r in results]),
            *(number(middle(ratio(results, run.found[other]))) for other in ("direct", "accept-all")),
            three([r.cpu for r in results]) if name != "direct" else "-",
            f"{middle([r.memory for r in results]):.0f}" if name != "direct" else "-",
            str(sum(r.failed() for r in results))])
    return table(["way", "requests/s, new", "requests/s, kept", ": direct", ": accept-all",
                  "CPU us", "KiB", "failed"], rows)


def latencies(run):
    return table(["way", "p50 us", "p90 us", "p99 us", "p99.9 us", "added p50", "added p99"], [
        [name, *(three([r.open[t] for r in results]) for t in TIMES),
         *("-" if name == "direct" else three(added(run, name, t)) for t in ("p50", "p99"))]
        for name, results in run.found.items()])


def where_it_goes(run):
    """The processor's time for one request on new connections, by process."""
    rows = []
    for way in "cwmpgate", "cwmpgate, monitor":
        for name in run.found[way][0].cpu_of:
            total, system = zip(*(r.cpu_of[name] for r in run.found[way]))
            share = middle([100 * s / t if t else 0 for s, t in zip(system, total)])
            rows.append([way, name, three(total), f"{min(share, 100):.0f} %"])
    return table(["way", "process", "CPU us", "in the kernel"], rows)


def growth(run):
    first = run.grown["10 sources"]
    return table(["cwmpgate with", "requests/s, new", ": 10 sources", "CPU us", "failed"], [
        [name, three([g.rate for g in results]),
         number(middle([g.rate / f.rate if f.rate else 0 for g, f in zip(results, first)])),
         three([g.cpu for g in results]), str(sum(g.load["failed"] for g in results))]
        for name, results in run.grown.items()])


def targets(run):
    """Each target, what was found, and whether that is enough."""
    gate, floods = run.found["cwmpgate"], run.flooded
    p50, p99 = middle(added(run, "cwmpgate", "p50")), middle(added(run, "cwmpgate", "p99"))
    begun = sum(f.under["begun"] for f in floods)
    served = 100 * (begun - sum(f.under["failed"] for f in floods)) / begun
    slower = middle([f.under["p99"] / f.idle["p99"] if f.idle["p99"] else 0 for f in floods])
    unlisted, listed = middle([f.unlisted for f in floods]), middle([f.listed for f in floods])
    memory = middle([f.memory["all tables full"].together() for f in floods])
    grew = middle([f.grew() for f in floods])
    rows = []

    def row(what, target, found, met):
        rows.append([what, target, found, "yes" if met else "**no**"])
    for other, least in (("accept-all", 1.1), ("direct", 0.75), ("Suricata", 10)):
        if other in run.found:
            found = middle(ratio(gate, run.found[other]))
            row(f"requests/s : {other}", f">= {least}", number(found), found >= least)
        else:
            rows.append([f"requests/s : {other}", f">= {least}", "not measured", "-"])
    if p50 > 0:
        row("added latency, p50", "<= 60 us", f"{p50:.0f} us", p50 <= 60)
        row("added latency, p99", "<= 3 x p50", f"{p99:.0f} us", p99 <= 3 * p50)
    else:
        rows.append(["added latency, p50", "<= 60 us", f"{p50:.0f} us: noise", "-"])
        rows.append(["added latency, p99", "<= 3 x p50", f"{p99:.0f} us: noise", "-"])
    row("offered by who is not listed, packets/s", ">= 100000", f"{unlisted:.0f}",
        unlisted >= 100000)
    row("offered by who is listed, packets/s", ">= 10000", f"{listed:.0f}", listed >= 10000)
    row("under both: the ACS is served", "100 %", f"{served:.2f} %", served == 100)
    row("under both: its p99", "<= 2 x idle", f"{number(slower)} x", slower <= 2)
    row("memory of its own, all tables full", "<= 2048 KiB", f"{memory:.0f} KiB", memory <= 2048)
    row("growth of what was written to, all floods", "0 KiB", f"{grew:.0f} KiB", grew <= 0)
    return table(["", "target", "found", "met"], rows)


def under_flood(run):
    return table(["the ACS", "p50 us", "p99 us", "longest us", "failed"], [
        [name, *(three([getattr(f, name)[t] for f in run.flooded]) for t in ("p50", "p99", "most")),
         str(sum(getattr(f, name)["failed"] for f in run.flooded))]
        for name in ("idle", "under")])


def memory_of_its_own(run):
    times = list(run.flooded[0].memory)
    names = list(run.flooded[0].memory[times[0]].of)

    def kib(time_name, name, what="of"):
        return f"{middle([getattr(f.memory[time_name], what)[name] for f in run.flooded]):.0f}"
    rows = [[name, *(kib(t, name) for t in times), kib(times[-1], name, "written")]
            for name in names]
    rows.append(["together", *(str(sum(int(r[i]) for r in rows)) for i in range(1, len(times) + 2))])
    return table(["KiB", *times, "of these written to"], rows)


def versions():
    lines = ways.machine()
    for name, argv, pattern in (
            ("Suricata", ("/usr/bin/suricata", "-V"), r"version (\S+)"),
            ("HAProxy", ("/usr/sbin/haproxy", "-v"), r"version (\S+)"),
            ("Apache httpd", ("/usr/sbin/apache2", "-v"), r"Apache/(\S+)")):
        if os.access(argv[0], os.X_OK):
            found = re.search(pattern, ways.first_line(*argv))
            lines.append(f"{name} {found[1] if found else '?'}")
    return lines


def report(run, busy):
    """Everything, as lines of Markdown."""
    about = [f"{'; '.join(versions())}.",
             f"Rounds: {ROUNDS}, each measurement {SECONDS:g} s; {AT_ONCE} requests at once in the closed loop, "
             f"{RATE:g} a second in the open one; load average before: {busy:.2f}.",
             *run.left_out]
    if busy > 0.5:
        about.append("**The machine was not idle**: trust the ratios more than the rest.")
    return [*about, "", "### Targets", "", *targets(run),
            "", "### Complete requests in a second", "", *compared(run),
            "", f"### Time of a complete request on new connections, {RATE:g} a second", "",
            *latencies(run),
            "", "### Where the gate's time goes", "", *where_it_goes(run),
            "", f"### {ASKS} requests a second under flood", "", *under_flood(run),
            "", "### Memory that no other process has", "", *memory_of_its_own(run),
            "", "### How the cost grows", "", *growth(run)]


# -- the plot and the document -------------------------------------------------

def plot(run, target):
    """Returns whether there is a plot."""
    data = BENCH / "performance.dat"
    with open(data, "w") as out:
        for name, results in run.found.items():
            rate = spread([r.new["rate"] for r in results])
            kept = spread([r.kept["rate"] for r in results])
            values = [rate[1], rate[0], rate[2], kept[1], kept[0], kept[2],
                      *(middle([r.open[t] for r in results]) for t in TIMES)]
            print(f'"{name}"', *values, file=out)
    try:
        subprocess.run(["gnuplot", "-e", f"data='{data}'; target='{target}'", PLOT], check=True)
    except FileNotFoundError:
        print("There is no gnuplot, so no plot.", file=sys.stderr)
        return False
    return True


BEGIN, END = "<!-- bench: begin -->\n", "<!-- bench: end -->\n"


def write_document(lines):
    before, rest = DOC.read_text().split(BEGIN)
    after = rest.split(END)[1]
    DOC.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + after)


def main():
    lab.unwind_on_signals()
    lab.sweep()
    busy = os.getloadavg()[0]
    run = Run()
    with lab.Net() as net:
        ways.prepare(net)
        for n in range(ROUNDS):
            run.measure(net, n)
    say("\n")
    lines = report(run, busy)
    print("\n".join(lines))
    document = bool(os.environ.get("DOC"))
    picture = DOC.with_suffix(".png") if document else BENCH / "performance.png"
    if plot(run, picture):
        print(f"\nThe plot is {picture}.")
    if document:
        write_document(lines)


if __name__ == "__main__":
    main()
