# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether `cwmpgate replay` says of what was on the router's links what the gate said.

Every life of a daemon in a test is recorded and compared (conftest.py), unless the
test is marked with what keeps the two from agreeing:

    @pytest.mark.not_replayed(RELOADED)

The words for that are below; the last lines of `make check-net` name the tests that
were left out for each.  Two more things cannot be compared: a daemon that is killed
takes its recorder with it, and the reasons OF_THE_MOMENT (capture.py) are left out.
"""

import json
import socket
import struct
import textwrap
import time

import command
from capture import reasons

# -- what a capture on the wire cannot tell -----------------------------------
RELOADED = "a reload: the gate forgets connections and nonces at a moment that no packet shows"
NEW_CREDENTIALS = "the credentials change meanwhile: replay knows those of the end alone"
RESTARTED = "guard or judge ended or hung: what it knew is lost at a moment that no packet shows"
OWNED = "guard, judge or resolver is somebody's, and says what it wants"
FLOOD = "a flood: what the queue, the recorder or the capture cannot hold is lost"
LOOKED_UP = "the ACS has a name or is in a file: replay takes the networks in acs alone"
RULES = "the rules were taken away, or others drop and accept as well: what is queued is not what came"
BLOCKED = 'mode = "block": there is nobody who decides'
MONITOR = 'mode = "monitor": who is no ACS is judged, too; replay tells what "enforce" would do'
FORWARDED = "what is forwarded is not for the router, whose addresses replay does not know"
OLDER = "connections that are older than the daemon: the rules may drop what is in the capture"
MODULE = "the kernel module drops before the gate, and replay knows the gate alone"
LANES = "several queues: each judge has its part of all_requests, and replay is one judge"

ETH_P_ALL = 3
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
SOL_PACKET, PACKET_STATISTICS = 263, 6
BUFFER = 32 << 20
FRAME_MAX = 1 << 17


class Tap:
    """
    All frames of the router's links from now on.  They wait in the socket, so that it
    costs no process and no time, and more than it holds is an error.
    """

    def __init__(self, host, path):
        self.path, self.lost = path, 0
        self.socket = host.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)
        path.write_bytes(struct.pack("=IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, FRAME_MAX, 1))

    def _frames(self):
        while True:
            try:
                frame, ancillary, _, address = self.socket.recvmsg(FRAME_MAX, 64)
            except BlockingIOError:
                return
            if address[0] != "lo" and ancillary:
                yield struct.unpack("=qq", ancillary[0][2]), frame

    def write(self):
        """Everything until now is in the file; returns its path."""
        with open(self.path, "ab") as file:
            for (s, ns), frame in self._frames():
                file.write(struct.pack("=IIII", s, ns, len(frame), len(frame)) + frame)
        self.lost += struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        assert not self.lost, f"{self.lost} frames more than the capture holds: not_replayed(FLOOD)?"
        return self.path

    def close(self):
        self.socket.close()


def differences(said, replayed):
    """
    By connection, what only one of the two has said.  An IP header that the kernel
    dropped by itself is in the capture and was never judged.
    """
    found = {}
    for key in said.keys() | replayed.keys():
        ours, theirs = said.get(key, []), list(replayed.get(key, []))
        for extra in [d for d in theirs if d[0] == "BAD_IP" and d not in ours]:
            theirs.remove(extra)
        if ours != theirs:
            found[key] = {"said": ours, "replayed": theirs}
    return found


# Names of tests by what keeps them from being compared.
left_out = {}


class Record:
    """One life of a daemon."""

    compared = killed = 0

    def __init__(self, gate):
        self.gate, self.done = gate, False
        self.config = gate.net.dir / "replayed.conf"
        self.config.write_bytes(gate.config.read_bytes())
        self.tap = Tap(gate.host, gate.net.dir / "replayed.pcap")

    def _cwmpgate(self, *words):
        """As it was configured at its start, whatever its file says now."""
        return self.gate.host.run(command.COMMAND, "-c", self.config, "-o", "json", *words).stdout

    def differences(self):
        said = reasons(self._cwmpgate("events", "-n", "4000"))
        return differences(said, reasons(self._cwmpgate("replay", self.tap.write())))

    def compare(self):
        """Something may come between what is asked and what is captured: asked again."""
        deadline = time.monotonic() + 3
        while found := self.differences():
            assert time.monotonic() < deadline, f"replay says something else: {found}"
            time.sleep(0.1)
        self.done = True
        Record.compared += 1

    def close(self):
        Record.killed += not self.done
        self.tap.close()


def summary():
    """What was compared, and what was not and why, for the end of a run."""
    yield (f"replay said what the gate said in {Record.compared} lives of the daemon; "
           f"{Record.killed} were killed or differed; not compared:")
    for why, names in sorted(left_out.items()):
        tests = sorted({name.rpartition("/")[2].partition("[")[0] for name in names})
        yield f"  {why}:"
        yield from textwrap.wrap(", ".join(tests), 110, initial_indent="    ",
                                 subsequent_indent="    ", break_on_hyphens=False)
