#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who asks again and again, and whom a flood must not disturb.

    steady.py acs PAUSE PORT ...    an ACS: GET, 401, digest, 200, each on a new
                                    connection, in turn over both families and ports
    steady.py dns PAUSE             a resolver that asks the router's dnsmasq

Runs in the acs namespace until SIGTERM, and then until its last question has an
answer or has failed.  Prints one JSON object: how many seconds each question took,
and what went wrong.
"""

import json
import secrets
import signal
import socket
import struct
import sys
import time

import lab
from heads import ask, authorized, bare, challenge_of, status_of

PATIENCE = 5.0			# of an ACS with one connection
PAIRS = (lab.ACS4, lab.ROUTER4), (lab.ACS6, lab.ROUTER6)
NAME, ADDRESS = "cpe.example", "192.0.2.77"


class Over:
    """True when SIGTERM has come."""

    def __init__(self):
        self.came = False
        signal.signal(signal.SIGTERM, self)

    def __call__(self, *_):
        self.came = True

    def __bool__(self):
        return self.came


def connect(pair, port):
    s = socket.create_connection((pair[1], port), PATIENCE, (pair[0], 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def exchange(pair, port):
    with connect(pair, port) as s:
        answer = ask(s, bare())
    if status_of(answer) != 401:
        raise ValueError(f"{answer!r} in place of a challenge")
    with connect(pair, port) as s:
        answer = ask(s, authorized(challenge_of(answer)))
    if status_of(answer) != 200:
        raise ValueError(f"{answer!r} in place of 200")


def exchanges(ports):
    ways = [(pair, int(port)) for port in ports for pair in PAIRS]
    n = 0
    while True:
        yield lambda way=ways[n % len(ways)]: exchange(*way)
        n += 1


def resolve(s):
    number = secrets.token_bytes(2)
    labels = b"".join(bytes([len(x)]) + x.encode() for x in NAME.split("."))
    s.send(number + struct.pack(">5H", 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1")
    answer = s.recv(512)
    while answer[:2] != number:		# a late one
        answer = s.recv(512)
    if not answer.endswith(socket.inet_aton(ADDRESS)):
        raise ValueError(f"{answer!r} in place of {ADDRESS}")


def queries():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((lab.ROUTER4, 53))
    s.settimeout(1)			# and no second try
    while True:
        yield lambda: resolve(s)


def run(questions, pause, over):
    took, failed = [], []
    for question in questions:
        if over:
            break
        begin = time.monotonic()
        try:
            question()
        except (OSError, ValueError, AssertionError) as e:
            failed.append(f"{type(e).__name__} after {time.monotonic() - begin:.3f} s: {e}")
        took.append(time.monotonic() - begin)
        time.sleep(pause)
    return {"took": took, "failed": failed}


def main():
    over = Over()
    role, pause, *ports = sys.argv[1:]
    questions = exchanges(ports) if role == "acs" else queries()
    print(json.dumps(run(questions, float(pause), over)))


if __name__ == "__main__":
    main()
