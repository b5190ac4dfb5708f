# SPDX-License-Identifier: GPL-2.0-or-later
"""What is on the router's link to the ACS, in a file, and what is made of it."""

import json
import signal
import socket

import lab

END = b"the end of the capture"


class Capture:
    """tcpdump on wan0; a context manager."""

    def __init__(self, net):
        self.net = net
        self.path, self.log = net.dir / "capture.pcap", net.dir / "tcpdump.log"

    def __enter__(self):
        with open(self.log, "w") as log:
            self.tcpdump = self.net.router.spawn(
                "tcpdump", "-i", "wan0", "--immediate-mode", "-U", "-s", 16384, "-B", 16384,
                "-w", self.path, "-Z", "root", stdout=log, stderr=log)
        lab.wait_until(lambda: "listening on" in self.log.read_text(), "tcpdump", 5)
        return self

    def __exit__(self, *_):
        lab.end(self.tcpdump)

    def finish(self):
        """What was sent before the datagram is in the file when the datagram is."""
        with self.net.acs.socket(kind=socket.SOCK_DGRAM) as s:
            s.sendto(END, (lab.ROUTER4, 9))
        lab.wait_until(lambda: END in self.path.read_bytes(), "the end", 10)
        lab.end(self.tcpdump, signal.SIGINT)
        return self.path


# A deadline comes when it comes; and whether a repeat or the agent's acknowledgement
# was first at the guard, a capture on the wire does not know.
OF_THE_MOMENT = "FIRST_BYTE_LATE", "HEAD_LATE", "LATE", "REDELIVERED", "TOO_EARLY"


def reasons(lines):
    """What was decided of each connection, in order."""
    found = {}
    for event in map(json.loads, lines.splitlines()):
        if event["event_type"] == "verdict" and event["reason"] not in OF_THE_MOMENT:
            found.setdefault((event["src_ip"], event["src_port"], event["dest_port"]), []).append(
                (event["reason"], event["action"], event["offset"], event["request"]))
    return found
