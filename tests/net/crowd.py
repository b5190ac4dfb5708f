#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A crowd of connections, as many as asked for at any time.

    crowd.py SECONDS OPEN RATE ADDRESS PORT SOURCE ... <FIRST_WORDS

Keeps up to OPEN connections at once, begins at most RATE a second, each from the
next SOURCE.  A connection says FIRST_WORDS (nothing, if there are none) and waits;
when it has ended another takes its place.  Prints one JSON object at the end.
"""

import collections
import errno
import itertools
import json
import resource
import selectors
import socket
import sys
import time


class Crowd:
    def __init__(self, seconds, most, rate, server, sources, words):
        self.end = time.monotonic() + seconds
        self.begin = time.monotonic()
        self.most, self.rate, self.server, self.words = most, rate, server, words
        self.sources = itertools.cycle(sources)
        self.selector = selectors.DefaultSelector()
        self.tally = collections.Counter()
        self.most_open = 0

    def open(self):
        s = socket.socket(socket.AF_INET6 if ":" in self.server[0] else socket.AF_INET)
        s.setblocking(False)
        s.setsockopt(socket.IPPROTO_IP, 24, 1)	# IP_BIND_ADDRESS_NO_PORT
        try:
            s.bind((next(self.sources), 0))
            status = s.connect_ex(self.server)
        except OSError as e:
            status = e.errno
        if status not in (0, errno.EINPROGRESS):
            self.tally[errno.errorcode[status]] += 1
            return s.close()
        self.tally["begun"] += 1
        self.selector.register(s, selectors.EVENT_WRITE)

    def close(self, s, how):
        self.tally[how] += 1
        self.selector.unregister(s)
        s.close()

    def ready(self, s, events):
        try:
            if events & selectors.EVENT_WRITE:
                status = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if status:
                    return self.close(s, errno.errorcode[status])
                self.tally["connected"] += 1
                if self.words:
                    s.send(self.words)
                self.selector.modify(s, selectors.EVENT_READ)
            elif data := s.recv(4096):
                self.tally[data.split(b"\r\n", 1)[0].decode("latin-1")] += 1
            else:
                self.close(s, "eof")
        except OSError as e:
            self.close(s, errno.errorcode[e.errno])

    def due(self):
        """How many connections may begin now."""
        allowed = 1 + int((time.monotonic() - self.begin) * self.rate) - self.tally["begun"]
        return min(self.most - len(self.selector.get_map()), allowed, 100)

    def run(self):
        while time.monotonic() < self.end:
            for _ in range(self.due()):
                self.open()
            self.most_open = max(self.most_open, len(self.selector.get_map()))
            for key, events in self.selector.select(0.002):
                self.ready(key.fileobj, events)
        return {**self.tally, "most open": self.most_open}


def main():
    seconds, most, rate, address, port, *sources = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    words = sys.stdin.buffer.read()
    print(json.dumps(Crowd(float(seconds), int(most), float(rate), (address, int(port)), sources,
                           words).run()))


if __name__ == "__main__":
    main()
