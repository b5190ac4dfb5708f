# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written down to fail open does, and nothing else; monitor and block.

Here the agent may read what the gate did not write, so these tests do without
the oracle of the others.
"""

import os
import signal
import socket

import pytest

import lab
from heads import ask, bare, status_of
from replayed import MONITOR, RELOADED
from test_good import curl

POST = b"POST / HTTP/1.1\r\nHost: cpe\r\nSOAPAction: x\r\n\r\n"


@pytest.fixture
def open_gate(unstarted_gate, agent):
    yield unstarted_gate.start()
    unstarted_gate.stop()
    assert unstarted_gate.unload().returncode == 0


def stop_all(gate):
    for pid in gate.processes().values():
        os.kill(pid, signal.SIGSTOP)


@pytest.mark.config(daemon_down="open")
def test_daemon_down_open(net, agent, open_gate):
    assert curl(net, lab.ROUTER4) == "200"
    open_gate.kill()
    assert curl(net, lab.ROUTER4) == curl(net, lab.ROUTER6) == "200"
    with pytest.raises(socket.timeout):		# who is no ACS stays outside
        net.stranger.connect(lab.ROUTER4_FAR, 7547, seconds=1)


@pytest.mark.config(overload="open")
def test_overload_open_is_not_daemon_down_open(net, agent, open_gate):
    open_gate.kill()
    assert curl(net, lab.ROUTER4) != "200"
    assert agent.connections() == []


@pytest.mark.not_replayed(MONITOR)
@pytest.mark.config(mode="monitor")
def test_monitor_touches_nothing(net, agent, open_gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, POST)) == 401
    assert POST in agent.connections()[0].bytes
    open_gate.expect("NOT_GET")
    assert curl(net, lab.ROUTER6) == "200"
    open_gate.expect("AUTHENTICATED")
    with net.stranger.connect(lab.ROUTER4_FAR, 7547) as s:
        assert status_of(ask(s, bare())) == 401


@pytest.mark.config(mode="monitor")
def test_monitor_without_a_daemon(net, agent, open_gate):
    open_gate.kill()
    assert curl(net, lab.ROUTER4) == "200"


@pytest.mark.not_replayed(RELOADED)
@pytest.mark.config(mode="block")
def test_block(net, agent, open_gate):
    for who, address in (net.acs, lab.ROUTER4), (net.stranger, lab.ROUTER4_FAR):
        with pytest.raises(OSError):
            who.connect(address, 7547, seconds=0.5)
    assert list(open_gate.processes()) == ["cwmpgated"]
    open_gate.write_config()
    open_gate.signal(signal.SIGHUP)
    lab.wait_until(lambda: curl(net, lab.ROUTER4) == "200", "enforce after a reload", 5)


@pytest.mark.not_replayed(RELOADED)
def test_service_manager_is_told(net, agent, unstarted_gate, tmp_path):
    """READY only when it serves, WATCHDOG while it does, and how it goes on."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(path))
        s.settimeout(5)
        unstarted_gate.environment = {"NOTIFY_SOCKET": str(path)}
        unstarted_gate.start()
        assert s.recv(200).startswith(b"READY=1\nSTATUS=mode enforce")
        assert s.recv(200) == b"WATCHDOG=1"
        unstarted_gate.signal(signal.SIGHUP)
        told = s.recv(200)
        while told == b"WATCHDOG=1":
            told = s.recv(200)
        assert told == b"RELOADING=1"
        assert s.recv(200).startswith(b"READY=1")
        unstarted_gate.stop()
        while told != b"STOPPING=1":
            told = s.recv(200)
    assert unstarted_gate.unload().returncode == 0
