#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job on real packets, as a table: `make demo`.

Three namespaces (see lab.py): the ACS, a stranger, and a router on which
lighttpd with digest authentication plays the CWMP agent and cwmpgated guards
it.  Each row is something sent from outside; the agent's column comes from
lighttpd's own system calls, the last one from the gate's counters.  The exit
status is 0 only if every row is as it should be.
"""

import os
import re
import signal
import socket
import sys
import textwrap
import time

import gate as gate_module
import lab
from gate import PASSWORD, PATH, USER
from heads import authorized, bare, challenge_of, end_of, read_answer, status_of
from lighttpd import Lighttpd
from test_hostile import NOVEMBER_2016, client_hello

WIDTHS = 38, 26, 36, 16
TITLES = "what was sent", "what the client saw", "what the agent saw", "reason"
SILENT = 20

# Of every connection, good or bad: not what a row is about.
EVERYDAY = {"SYN", "SYN_ACK", "DEFERRED", "SYN_ACK_REPEAT", "ACK", "FIN", "REPLY", "PARTIAL",
            "FAREWELL", "LATE", "REPEAT", "RESET", "FORGOTTEN"}
QUIET_SECONDS = 0.25		# the status file is written at most every 0.1 s


class Demo:
    """The running network, and the rows that were shown."""

    def __init__(self, net):
        self.net = net
        self.agent = Lighttpd(net, USER, PASSWORD, PATH)
        self.gate = gate_module.Gate(net, attempts="120/min burst 60", requests="60/min burst 30",
                                     syn="100/s burst 200").start()
        self.failed = 0

    def end(self):
        self.gate.stop()
        self.agent.stop()

    # -- one row ---------------------------------------------------------

    def row(self, sent, action, seen, agent_expected, reasons=(), rule=None):
        """Does @action and shows what came of it.

        @action returns what the client saw, in words; it should be @seen.
        @agent_expected takes the agent's new connections and returns words
        and whether that is right.  Each of @reasons should have been counted
        by the daemon, or packets by the counter @rule of the rules.
        """
        self.known = len(self.agent.connections())
        before = self.counters()
        dropped = self.rule_counter(rule)
        client = action()
        words, right = self._settle(agent_expected)
        given = self.given_since(before)
        ok = (re.fullmatch(seen, client) is not None and right and
              all(given.get(r, 0) >= n for r, n in dict(reasons).items()) and
              (not rule or self.rule_counter(rule) > dropped))
        self.failed += not ok
        why = [r for r in dict(reasons) if r in given] + [r for r in given if r not in dict(reasons)]
        show(sent, client, words, ", ".join(why) or (f"rule {rule}" if rule else "-"), ok)

    def counters(self):
        """The daemon's counters, when it has nothing more to count."""
        last, since = None, time.monotonic()

        def quiet():
            nonlocal last, since
            now = self.gate.status()[0]
            if now != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since > QUIET_SECONDS
        lab.wait_until(quiet, "the counters rest", 10)
        return last

    def given_since(self, before):
        now = self.counters()
        return {r: now[r] - before.get(r, 0) for r in now
                if now[r] > before.get(r, 0) and r not in EVERYDAY}

    def rule_counter(self, name):
        if not name:
            return 0
        text = self.net.router.run("nft", "list", "counter", "inet", "cwmpgate", name).stdout
        return int(re.search(r"packets (\d+)", text)[1])

    def _settle(self, agent_expected):
        """The agent's view, once it is the expected one or time is up."""
        def view():
            return agent_expected(self.agent.connections()[self.known:])
        try:
            lab.wait_until(lambda: view()[1], "the agent's view", 2)
        except lab.Late:
            pass
        return view()

    # -- clients ---------------------------------------------------------

    def curl(self, address, port, password=PASSWORD, seconds=5):
        host = f"[{address}]" if ":" in address else address
        done = self.net.acs.run(
            "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", seconds,
            "--digest", "-u", f"{USER}:{password}", f"http://{host}:{port}{PATH}", check=False)
        if done.returncode == 0:
            return done.stdout
        return {7: "refused", 28: "no answer", 56: "reset"}.get(done.returncode, done.stderr)

    def challenge(self):
        with self.net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(bare())
            return challenge_of(read_answer(s))

    def request(self, head):
        with self.net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(head)
            return str(status_of(read_answer(s)))

    def single_bytes(self, head, seconds=3.0):
        """One byte at a time; the moment of the last one is remembered."""
        with self.net.acs.connect(lab.ROUTER4, 7547) as s:
            self.began = time.time()
            for i in range(len(head)):
                self.last_byte = time.time()
                s.send(head[i:i + 1])
                time.sleep(seconds / len(head))
            return str(status_of(read_answer(s)))

    def silent(self):
        """Connects, says nothing, and waits for what becomes of it."""
        began = time.monotonic()
        clients = [self.net.acs.connect(lab.ROUTER4, 7547) for _ in range(SILENT)]
        ends = {end_of(s, 10) for s in clients}
        for s in clients:
            s.close()
        return f"connected; {' and '.join(ends)} after {time.monotonic() - began:.0f} s"

    def send_junk(self, data):
        with self.net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(data)
            return end_of(s)

    def nmap(self, host, address):
        done = host.run("nmap", "-sT", "-Pn", "-n", "-p", ",".join(map(str, lab.PORTS)),
                        "--max-retries", 1, address)
        return ", ".join(re.findall(r"^\d+/tcp +(\w+)", done.stdout, re.M))

    def closed(self):
        """A whole good request, from the ACS over both families, and a stranger."""
        saw = {self.curl(lab.ROUTER4, 7547, seconds=2), self.curl(lab.ROUTER6, 30005, seconds=2)}
        try:
            self.net.stranger.connect(lab.ROUTER4_FAR, 7547, seconds=1).close()
            saw.add("the stranger connected")
        except socket.timeout:
            pass
        return ", ".join(sorted(saw))

    # -- what the agent should have seen ----------------------------------

    @staticmethod
    def nothing(connections):
        return describe(connections), not connections

    @staticmethod
    def requests(*with_digest):
        """So many requests, each whole at once, with or without a digest."""
        def check(connections):
            found = [b"\r\nAuthorization: Digest " in r for c in connections for r in c.requests]
            whole = all(c.data.endswith(b"\r\n\r\n") for c in connections)
            return describe(connections), whole and found == list(with_digest)
        return check

    def accepted_at_the_end(self, connections):
        text, right = self.requests(True)(connections)
        if not right:
            return text, False
        after = connections[0].accepted - self.began
        return (f"{text}; accept() {after:.1f} s after the first byte",
                connections[0].accepted >= self.last_byte)

    # -- the rows --------------------------------------------------------

    def show_all(self):
        net, request = self.net, self.request
        welcome = {"NO_CREDENTIALS": 1, "AUTHENTICATED": 1}
        self.row("curl --digest, IPv4, port 7547", lambda: self.curl(lab.ROUTER4, 7547), "200",
                 self.requests(False, True), welcome)
        self.row("curl --digest, IPv6, port 30005", lambda: self.curl(lab.ROUTER6, 30005), "200",
                 self.requests(False, True), welcome)
        head = authorized(self.challenge())
        self.row("the ACS's request in single bytes over 3 s", lambda: self.single_bytes(head),
                 "200", self.accepted_at_the_end, {"AUTHENTICATED": 1})
        self.row("the same request once more (replay)", lambda: request(head), "401",
                 self.requests(False), {"REPLAYED": 1})
        self.row("curl --digest, wrong password",
                 lambda: self.curl(lab.ROUTER4, 7547, "wrong"), "401",
                 self.requests(False, False), {"NO_CREDENTIALS": 1, "DIGEST_WRONG": 1})
        self.row(f"{SILENT} connections that stay silent", self.silent,
                 r"connected; reset after \d+ s", self.nothing, {"FIRST_BYTE_LATE": SILENT})
        self.row("POST /UD/act?1 with SOAPAction (the shape of November 2016)",
                 lambda: self.send_junk(NOVEMBER_2016), "reset", self.nothing, {"NOT_GET": 1})
        self.row("256 bytes of binary junk", lambda: self.send_junk(bytes(range(256))[::-1]),
                 "reset", self.nothing, {"BAD_BYTE": 1})
        self.row("TLS ClientHello", lambda: self.send_junk(client_hello()), "reset",
                 self.nothing, {"BAD_BYTE": 1})
        ports = ",".join(map(str, lab.PORTS))
        self.row(f"nmap -sT -p {ports} from the stranger",
                 lambda: self.nmap(net.stranger, lab.ROUTER4_FAR), "filtered, filtered",
                 self.nothing, rule="not_acs")
        self.row(f"nmap -sT -p {ports} from the ACS",
                 lambda: self.nmap(net.acs, lab.ROUTER4), "open, open", self.nothing)
        self.gate.kill()
        self.row("daemon killed with -9; curl --digest", self.closed, "no answer|reset|refused",
                 self.nothing)
        self.gate.start()
        self.row("daemon started again; curl --digest", lambda: self.curl(lab.ROUTER4, 7547),
                 "200", self.requests(False, True), welcome)


def describe(connections):
    """The agent's connections in words."""
    if not connections:
        return "nothing, not even a connection"
    requests = [r for c in connections for r in c.requests]
    digests = sum(b"\r\nAuthorization: Digest " in r for r in requests)
    if not requests:
        return f"{len(connections)} connections without a request"
    if digests == 0:
        return f"{len(requests)} GET, no credentials"
    bare_ones = len(requests) - digests
    return (f"{bare_ones} GET, then " if bare_ones else "") + f"{digests} GET with digest"


def colour(text, code):
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def show(*columns_and_ok):
    """One row; long text goes on in the same column below."""
    *columns, ok = columns_and_ok
    cells = [textwrap.wrap(c, w) or [""] for c, w in zip(columns, WIDTHS)]
    mark = {True: colour(" ok ", "32"), False: colour("FAIL", "1;31"), None: "    "}
    for i in range(max(map(len, cells))):
        line = "  ".join((c[i] if i < len(c) else "").ljust(w) for c, w in zip(cells, WIDTHS))
        print(mark[ok if i == 0 else None], line.rstrip(), flush=True)


def main():
    if os.geteuid() != 0:
        sys.exit("demo: network namespaces need root; try: sudo make demo")
    lab.unwind_on_signals()
    lab.sweep()
    began = time.monotonic()
    with lab.Net() as net:
        demo = Demo(net)
        try:
            print("The agent is lighttpd with digest authentication on TCP "
                  f"{' and '.join(map(str, lab.PORTS))}; cwmpgated, mode enforce, guards it.\n")
            show(*TITLES, None)
            show(*("-" * w for w in WIDTHS), None)
            demo.show_all()
        finally:
            demo.end()
    verdict = f"{demo.failed} rows are not as they should be" if demo.failed else \
        "every row is as it should be"
    print(f"\n{colour(verdict, '1;31' if demo.failed else '1;32')} "
          f"({time.monotonic() - began:.0f} s)")
    return 1 if demo.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssertionError as e:
        sys.exit(f"demo: {e}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
