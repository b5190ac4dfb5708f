# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever happens to the daemon, nothing gets in without it."""

import contextlib
import os
import signal
import socket

import pytest

import lab
from heads import ask, bare, end_of, status_of
from replayed import OLDER, RESTARTED, RULES
from test_good import curl


def nothing_gets_in(net, agent):
    """A whole good request, over both families; neither is even accepted."""
    before = agent.connections()
    for address in (lab.ROUTER4, lab.ROUTER6):
        try:
            with net.acs.connect(address, 7547, seconds=1) as s:
                s.sendall(bare())
                assert end_of(s, 1) != "eof"
        except OSError:
            pass
    assert agent.connections() == before
    with pytest.raises(socket.timeout):
        net.stranger.connect(lab.ROUTER4_FAR, 7547, seconds=1)


def test_killed(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    gate.kill()
    nothing_gets_in(net, agent)
    gate.start()
    assert curl(net, lab.ROUTER4) == curl(net, lab.ROUTER6) == "200"


def test_stopped_in_order(net, agent, gate):
    assert gate.stop() == 0
    nothing_gets_in(net, agent)
    gate.start()
    assert curl(net, lab.ROUTER4) == "200"


@pytest.mark.not_replayed(RESTARTED)
def test_hung(net, agent, gate):
    """All of it stands still; then it goes on."""
    processes = gate.processes()
    for pid in processes.values():
        os.kill(pid, signal.SIGSTOP)
    nothing_gets_in(net, agent)
    for pid in processes.values():
        with contextlib.suppress(ProcessLookupError):	# replaced by the one before it
            os.kill(pid, signal.SIGCONT)
    lab.wait_until(lambda: curl(net, lab.ROUTER4) == "200", "served again", 10)


@pytest.mark.not_replayed(OLDER)
@pytest.mark.dialect("ccsp")
def test_open_connection_when_killed(net, agent, gate):
    """A connection that was checked stays shut, also for the next daemon."""
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, bare())) == 401
        gate.kill()
        s.sendall(b"POST / HTTP/1.1\r\n\r\n")
        assert end_of(s, 1) == "open"
        gate.start()
        assert end_of(s, 1) != "eof"
    assert len(agent.heads()) == 1
    assert curl(net, lab.ROUTER4) == "200"


@pytest.mark.not_replayed(OLDER)
def test_head_in_pieces_when_killed(net, agent, gate):
    """What the old daemon had absorbed is gone; the rest of it gets nowhere."""
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(bare()[:20])
        gate.expect("PARTIAL")
        gate.kill()
        gate.start()
        s.sendall(bare()[20:])
        assert end_of(s, 1) != "eof"
    assert agent.connections() == []


def test_agent_starts_later(net, unstarted_gate):
    """No agent, no harm: refused as without a gate, and served when it is there."""
    gate = unstarted_gate.start()
    with pytest.raises(ConnectionRefusedError):
        net.acs.connect(lab.ROUTER4, 7547)
    assert gate.alive()


def test_queue_rule_alone_is_not_enough_to_pass(net, agent, gate):
    """Accepting in a foreign table does not lead around the gate."""
    net.router.run("nft", "add table inet friendly")
    net.router.run("nft", "add chain inet friendly input "
                   "{ type filter hook input priority -300; policy accept; }")
    net.router.run("nft", "add rule inet friendly input accept")
    gate.kill()
    nothing_gets_in(net, agent)
    net.router.run("nft", "delete table inet friendly")


@pytest.mark.not_replayed(RULES)
def test_flushed_rules_come_back(net, agent, gate):
    """`nft flush ruleset`, as a firewall's reload does it."""
    net.router.run("nft", "flush", "ruleset")
    lab.wait_until(lambda: "table inet cwmpgate" in net.router.ruleset(), "the rules are back", 3)
    lab.wait_until(lambda: curl(net, lab.ROUTER4) == "200", "served again", 5)
    with pytest.raises(socket.timeout):
        net.stranger.connect(lab.ROUTER4_FAR, 7547, seconds=1)
