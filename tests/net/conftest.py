# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: a network, a lenient agent and a gate for each test; the oracle.

    @pytest.mark.config(attempts="3/min burst 3")    settings of the gate
    @pytest.mark.dialect("ccsp")                     how the agent answers
    @pytest.mark.not_replayed(RELOADED)              why replay cannot say what the gate said

After every test that has a gate these hold, whatever the test was about:

    - the bytes the agent read on a connection are the canonical heads that the
      gate wrote for it, all of them and nothing else;
    - no connection was accepted before its whole first request was there;
    - `cwmpgate replay` of what was on the wire gives the same reasons, connection
      by connection, for each life of the daemon (replayed.py);
    - the daemon is alive, unless the test ended it, and no sanitizer spoke;
    - unloading takes the rules back to what they were.
"""

import faulthandler
import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import agent as agent_module
import gate as gate_module
import lab
import rawclient
import replayed

TEST_SECONDS = int(60 * lab.PATIENCE)


def pytest_configure(config):
    config.addinivalue_line("markers", "config(**settings): settings of the gate")
    config.addinivalue_line("markers", "dialect(name): how the agent answers")
    config.addinivalue_line("markers", "not_replayed(why): replay cannot say what the gate said")
    if os.geteuid() != 0:
        raise pytest.UsageError("network namespaces need root")
    lab.unwind_on_signals()
    lab.sweep()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before the fixtures, of which some start a daemon for many tests."""
    marker = item.get_closest_marker("not_replayed")
    why = marker.args[0] if marker else None
    if gate_module.SETTINGS["kmod"] == "require":
        why = replayed.MODULE
    if why:
        replayed.left_out.setdefault(why, []).append(item.nodeid)
    gate_module.Gate.recorder = None if why else replayed.Record


def pytest_terminal_summary(terminalreporter):
    for line in replayed.summary():
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def deadline(request):
    """No test hangs: after a minute it fails where it is."""
    def late(*_):
        faulthandler.dump_traceback()
        raise TimeoutError(f"{request.node.name} takes over {TEST_SECONDS} s")
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def net():
    with lab.Net() as network:
        rawclient.prepare(network)
        yield network


@pytest.fixture
def agent(net, request):
    marker = request.node.get_closest_marker("dialect")
    running = agent_module.Agent(net, *(marker.args if marker else ()))
    yield running
    running.stop()


@pytest.fixture
def unstarted_gate(net, request):
    """A gate that the test starts; whatever it starts is ended."""
    marker = request.node.get_closest_marker("config")
    gate = gate_module.Gate(net, **(marker.kwargs if marker else {}))
    yield gate
    gate.stop()
    assert not gate.sanitizer_report(), gate.sanitizer_report()[0]


@pytest.fixture
def gate(unstarted_gate, agent, request):
    """A gate in front of the agent, and the oracle when the test is over."""
    gate = unstarted_gate
    before = gate.host.ruleset()
    gate.start()
    yield gate
    assert gate.alive() or gate.expect_dead, f"the daemon ended: {gate.log()}"
    check_read_is_written(agent, gate)
    check_accepted_whole(agent)
    gate.stop()
    unloaded = gate.unload()
    assert unloaded.returncode == 0, unloaded.stderr
    assert gate.host.ruleset() == before


def read_by_agent(agent):
    read = {}
    for c in agent.connections():
        key = gate_module.endpoint(c.peer, c.peer_port)
        read[key] = read.get(key, b"") + c.bytes
    return read


def check_read_is_written(agent, gate):
    def written():
        return {k: b"".join(v) for k, v in gate.written().items()}

    def difference():
        return f"the agent read {read_by_agent(agent)}, the gate wrote {written()}"
    lab.wait_until(lambda: read_by_agent(agent) == written(), difference, 2)


def check_accepted_whole(agent):
    for c in agent.connections():
        assert c.reads, f"accepted without a request: {c}"
        assert c.first_whole, f"accepted with half a request: {c}"
        assert c.waiting == len(c.reads[0][1]), f"accepted before the request was there: {c}"
