#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients against agents, through the gate and beside it.

    interop.py        prints the table of docs/interop.md as it is measured

Each agent listens on a port that the gate guards and on one that it does not,
so that a client that cannot talk to an agent is told from one that may not.
"""

import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import agent as agent_module
import canonical
import clients
import conftest
import dialects
import gate as gate_module
import lab
import real_agents
from gate import PASSWORD, PATH, USER

GUARDED, FREE = 7547, 8547
SETTLED = 0.5			# by then the counters are written
TABLE = lab.REPO / "docs/interop.md"
WHY = lab.REPO / "daemon/common/why.h"


class Stub(agent_module.Agent):
    """A process of dialects.py; what came to the free port is not counted."""

    def __init__(self, net, dialect, ports=(GUARDED, FREE)):
        self.log = net.dir / "agent.log"
        self.log.write_text("")
        self.process = net.router.spawn(
            "/usr/bin/python3", "-B", dialects.__file__, "--log", self.log, "--dialect", dialect,
            "--path", PATH, "--user", USER, "--password", PASSWORD, *ports)
        lab.wait_until(lambda: "listening" in self.log.read_text(), "the agent listens")

    def connections(self):
        return [c for c in super().connections() if c.port != FREE]


def real(kind, **options):
    return lambda net: kind(net, USER, PASSWORD, PATH, (GUARDED, FREE), **options)


REAL_AGENTS = {
    "lighttpd, kept": real(real_agents.Lighttpd, keep=True),
    "lighttpd, closed": real(real_agents.Lighttpd, keep=False),
    "lighttpd, SHA-256 and MD5": real(real_agents.Lighttpd, keep=True, algorithm="SHA-256|MD5"),
    "Apache, kept": real(real_agents.Apache, keep=True),
    "Apache, closed": real(real_agents.Apache, keep=False),
}
AGENTS = {**REAL_AGENTS, **{name: lambda net, name=name: Stub(net, name)
                            for name in dialects.DIALECTS}}

# What no client here may be told while it is served.  Two reasons are no fault of
# the gate's: AFTER_CLOSE, the client uses a connection again that the agent has
# closed unannounced, and the agent's kernel would refuse it as well;
# DIGEST_DOWNGRADE, LWP answers a challenge for SHA-256 with MD5 before it tries
# the other one.
REFUSALS = set(re.findall(r"X\((\w+),\s*ACT_(?:REFUSE|BUSY)", WHY.read_text()))
REFUSALS -= {"AFTER_CLOSE"}
REFUSALS |= {"DIGEST_MALFORMED", "DIGEST_URI", "NONCE_UNKNOWN", "NONCE_EXPIRED",
             "DIGEST_WRONG", "REPLAYED"}



class Row:
    """One agent behind a gate, for all clients."""

    def __init__(self, agent, classes):
        self.name, self.classes = agent, classes

    def __enter__(self):
        self.net = lab.Net().__enter__()
        try:
            self.agent = AGENTS[self.name](self.net)
            self.gate = gate_module.Gate(self.net, ports=[GUARDED]).start()
        except BaseException:
            self.net.remove()
            raise
        self.refused = 0
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.check()
        finally:
            self.gate.stop()
            self.gate.unload()
            self.agent.stop()
            self.net.remove()

    def check(self):
        """The oracle, as far as it goes for an agent that keeps no log."""
        assert self.gate.alive() and not self.gate.sanitizer_report(), self.gate.log()
        for heads in self.gate.written().values():
            for head in heads:
                canonical.check(head, {USER.encode(): PASSWORD.encode()})
        if isinstance(self.agent, Stub):
            self.check_read_is_written()
            conftest.check_accepted_whole(self.agent)

    def check_read_is_written(self):
        """As conftest has it; but an agent that closes unannounced may have done so
        before the next head came to its socket, and then it has not read that one."""
        written = self.gate.written()
        for end, data in conftest.read_by_agent(self.agent).items():
            heads = written.get(end, [])
            whole = [b"".join(heads[:n]) for n in range(max(1, len(heads) - 1), len(heads) + 1)]
            assert data in whole, f"from {end} the agent read {data}, the gate wrote {heads}"

    def get(self, client, address, port):
        status = clients.get(self.net, self.classes, client,
                             clients.url_of(address, PATH, port))
        return status if status // 100 == 2 else 0

    def refusals(self):
        return {r: n for r, n in self.gate.status()[0].items() if r in REFUSALS}

    def cell(self, client, address=lab.ROUTER4):
        """The client's fortune in the words of the table."""
        before, refused = self.gate.count("AUTHENTICATED"), self.refusals()
        beside, through = (self.get(client, address, p) for p in (FREE, GUARDED))
        if not through:
            time.sleep(SETTLED)
            return f"refused: {self.refusals()}" if beside else "no"
        self.gate.expect("AUTHENTICATED", n=before + 1)
        assert self.refusals() == refused, f"{client}: {refused}, {self.refusals()}"
        return f"{through}" if beside else f"{through} *"


def table():
    """The cells of the first table of docs/interop.md, by agent and client."""
    text = re.search(r"^\|.*?\n\n", TABLE.read_text(), re.M | re.S)[0]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")]
                       for line in text.splitlines() if line]
    return {agent: dict(zip(names[1:], cells)) for agent, *cells in rows}


def main():
    lab.unwind_on_signals()
    lab.sweep()
    print("| agent |", " | ".join(clients.CLIENTS), "|")
    print("|---" * (len(clients.CLIENTS) + 1) + "|")
    with clients.java_classes() as classes:
        for name in AGENTS:
            with Row(name, classes) as row:
                cells = [row.cell(client) for client in clients.CLIENTS]
            print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
