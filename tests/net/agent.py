# SPDX-License-Identifier: GPL-2.0-or-later
"""The lenient agent as the tests handle it: start, stop, read its log."""

import dataclasses
import json
import signal

import lab

PROGRAM = lab.REPO / "tests/net/lenient_agent.py"


@dataclasses.dataclass
class Connection:
    """What the agent knows of one connection."""

    n: int
    peer: str
    peer_port: int
    port: int
    accepted: float
    waiting: int
    reads: list = dataclasses.field(default_factory=list)	# (time, bytes)
    first_whole: bool = False
    answers: list = dataclasses.field(default_factory=list)
    end: str = ""

    @property
    def bytes(self):
        return b"".join(data for _, data in self.reads)


class Agent:
    def __init__(self, net, dialect="easycwmp", ports=lab.PORTS):
        self.log = net.dir / "agent.log"
        self.log.write_text("")
        self.process = net.router.spawn("/usr/bin/python3", PROGRAM, "--log", self.log,
                                        "--dialect", dialect, *ports)
        lab.wait_until(lambda: "listening" in self.log.read_text(), "the agent listens")

    def stop(self):
        lab.end(self.process, signal.SIGTERM)

    def connections(self):
        """Everything that was accepted so far, in order."""
        found = {}
        for line in self.log.read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "accept":
                found[event["n"]] = Connection(
                    event["n"], event["peer"], event["peer_port"], event["port"],
                    event["t"], event["waiting"])
            elif event["event"] != "listening":
                _note(found[event["n"]], event)
        return list(found.values())

    def heads(self):
        """The request heads that were read, over all connections."""
        return [head for c in self.connections() for head in split_heads(c.bytes)]

    def wait_for_end(self, how=("eof", "reset", "closed")):
        """Waits until no connection is open and returns them all."""
        def all_ended():
            found = self.connections()
            return found if all(c.end in how for c in found) else None
        return lab.wait_until(all_ended, lambda: f"connections end: {self.connections()}")


def _note(connection, event):
    if event["event"] == "read":
        if not connection.reads:
            connection.first_whole = event["whole"]
        connection.reads.append((event["t"], bytes.fromhex(event["hex"])))
    elif event["event"] == "answer":
        connection.answers.append(event["status"])
    elif event["event"] == "end":
        connection.end = event["how"]


def split_heads(stream):
    """Cuts a stream of canonical heads; what is left over comes last."""
    *heads, rest = stream.split(b"\r\n\r\n")
    return [h + b"\r\n\r\n" for h in heads] + ([rest] if rest else [])
