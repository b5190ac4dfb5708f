# SPDX-License-Identifier: GPL-2.0-or-later
"""The system calls that guard and judge make are those their filters allow.

The filters are read from daemon/{guard,judge}/main.c, the calls come from
strace, which is attached when the sandbox stands.  A call outside the filter
would end the process; this finds what a filter allows for nothing.
"""

import contextlib
import os
import re
import signal
import time

import pytest

import lab
from gate import Gate
from heads import ask, authorized, bare, end_of, get_challenge, status_of
from replayed import NEW_CREDENTIALS
from test_good import curl

# In the filter, and still not made in a run like this one.
FOR_OTHER_DAYS = {
    "guard": {
        ("exit_group", None),		# the queue's socket is broken
        ("rt_sigreturn", None),		# a library's signal handler, if there ever is one
        ("clock_gettime", None),	# kernels that have no vDSO for it
    },
    "judge": {
        ("exit_group", None),		# guard and supervisor are gone
        ("rt_sigreturn", None),
        ("restart_syscall", None),	# some kernel's way to go on after a stop
    },
}


def descriptors():
    """The numbers that daemon/common/inherit.h gives, by name."""
    numbers = {"ANY_FD": None}
    text = (lab.REPO / "daemon/common/inherit.h").read_text()
    for body in re.findall(r"enum \w+_fd \{(.*?)\}", text, re.S):
        value = -1
        for name, given in re.findall(r"^\s*(\w+)(?:\s*=\s*(\d+))?,", body, re.M):
            value = int(given) if given else value + 1
            numbers[name] = value
    return numbers


def allowed(process):
    """The filter in the source: pairs of a call and its first argument."""
    text = (lab.REPO / f"daemon/{process}/main.c").read_text()
    table = re.search(r"struct allowed allowed\[\] = \{(.*?)\};", text, re.S)[1]
    number = descriptors()
    return {(call, number[fd]) for call, fd in re.findall(r"SYS[_(](\w+)\)?,\s*(\w+)", table)}


def made(log, pid, filtered):
    """The same of what strace saw of @pid."""
    by_fd = {call for call, fd in filtered if fd is not None}
    found = set()
    for line in log.read_text().splitlines():
        call = re.match(rf"{pid} +(\w+)\((\d+)?", line)
        if call:
            found.add((call[1], int(call[2]) if call[1] in by_fd else None))
    return found


@contextlib.contextmanager
def traced(net, *pids):
    log, said = net.dir / "strace", net.dir / "strace.said"
    with open(said, "w") as f:
        strace = lab.spawn(["strace", "-f", "-s", "0", "-o", log,
                            *(x for pid in pids for x in ("-p", pid))], stderr=f)
    lab.wait_until(lambda: said.read_text().count("attached") == len(pids),
                   lambda: f"strace attaches: {said.read_text()}")
    yield log
    lab.end(strace, signal.SIGINT)


def exchange(net, address):
    """Good, hostile and slow ones, over one family."""
    assert curl(net, address) == "200"
    with net.acs.connect(address, 7547) as s:
        s.sendall(bare()[:20])
        time.sleep(0.1)
        assert status_of(ask(s, bare()[20:])) == 401
    for words in b"POST / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02", bare() * 2:
        with net.acs.connect(address, 7547) as s:
            s.sendall(words)
            assert end_of(s) == "reset"
    with net.acs.connect(address, 7547) as s:		# FIRST_BYTE_MS
        assert end_of(s) == "reset"


def everything(net, gate):
    """A day in the life: what the filters are for."""
    for address in lab.ROUTER4, lab.ROUTER6:
        exchange(net, address)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(authorized(get_challenge(net.acs, lab.ROUTER4)))
        assert status_of(s.recv(4096)) == 503
    gate.write_credentials("acs:another word\n")
    lab.wait_until(lambda: "1 read anew" in gate.log(), "noticed", 3)
    for pid in map(gate.processes().get, ("cwmpgate-guard", "cwmpgate-judge")):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.1)
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.2)


@pytest.fixture
def untraced_gate(net, agent, request, monkeypatch):
    """Without -w, as it is installed."""
    argv = Gate.argv
    monkeypatch.setattr(Gate, "argv", lambda self, *more: argv(
        self, *more[:more.index("-w")] if "-w" in more else more))
    gate = Gate(net, requests="1/min burst 1", ban=0)
    gate.start()
    yield gate
    gate.stop()


def check(gate, log, before, unused=()):
    pids = gate.processes()
    assert pids == before, gate.log()
    for process, documented in FOR_OTHER_DAYS.items():
        filtered = allowed(process)
        assert documented <= filtered
        assert made(log, pids[f"cwmpgate-{process}"], filtered) == \
            filtered - documented - {c for c in filtered if c[0] in unused}, process


@pytest.mark.not_replayed(NEW_CREDENTIALS)
@pytest.mark.config(requests="1/min burst 1", ban=0)
def test_calls_are_the_filter(net, agent, gate):
    pids = gate.processes()
    with traced(net, pids["cwmpgate-guard"], pids["cwmpgate-judge"]) as log:
        everything(net, gate)
    check(gate, log, pids)


@pytest.mark.not_replayed(NEW_CREDENTIALS)
def test_nothing_is_written_without_a_trace(net, untraced_gate):
    """The path makes no call but to wait, receive, send and ask."""
    gate = untraced_gate
    pids = gate.processes()
    with traced(net, pids["cwmpgate-guard"], pids["cwmpgate-judge"]) as log:
        everything(net, gate)
    check(gate, log, pids, unused={"write"})


def test_filters_are_small():
    assert len({call for call, _ in allowed("judge")}) <= 6
    assert len({call for call, _ in allowed("guard")}) <= 12
