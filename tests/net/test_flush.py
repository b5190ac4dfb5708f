# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules are flushed and not loaded again: what other firewalls must hold.

With its table the gate loses everything; whether the agent is open then is
up to the rest of the ruleset (docs/threat-model.md).  The supervisor stands
still here, so that the moment in which it would load them does not end.
"""

import contextlib
import os
import signal

import pytest

import chaos
import lab
from heads import ask, bare, end_of, status_of
from replayed import RULES
from test_good import curl

pytestmark = pytest.mark.not_replayed(RULES)

HOSTILE = b"GET /anything HTTP/1.1\nEvil: yes\n\n"
PORTS = "{ 7547, 30005 }"

NONE = "flush ruleset\n"

# How firewalls begin.  The one line that is to let the ACS in, as far as our
# mark goes, stands after what is established; the one that is safe, before it.
STATEFUL = """
flush ruleset
table inet firewall {
	chain input {
		type filter hook input priority filter; policy drop;
		iif lo accept
		meta l4proto ipv6-icmp accept
		%s
		ct state established,related accept
		%s
	}
}
"""
MARKED = f"meta mark & {chaos.GATE_MARK:#x}"
ACCEPT = STATEFUL % ("", f"tcp dport {PORTS} {MARKED} != 0 accept")
DROP = STATEFUL % (f"tcp dport {PORTS} {MARKED} == 0 drop", f"tcp dport {PORTS} accept")


@pytest.fixture
def flushed(net, agent, unstarted_gate):
    """Exchanges the ruleset for @rules, and nobody loads ours again."""
    gate = unstarted_gate.start()

    @contextlib.contextmanager
    def flush(rules):
        path = net.dir / "firewall.nft"
        path.write_text(rules)
        os.kill(gate.process.pid, signal.SIGSTOP)
        net.router.run("nft", "-f", path)
        yield
        os.kill(gate.process.pid, signal.SIGCONT)
        lab.wait_until(lambda: curl(net, lab.ROUTER4) == "200", "served again", 5)
    return flush


def is_read(agent, seconds=0.7):
    """Whether the agent gets to read what the gate has not seen."""
    try:
        return lab.wait_until(lambda: any(HOSTILE in c.bytes for c in agent.connections()),
                              "read", seconds)
    except lab.Late:
        return False


def is_open_to_new(net, agent):
    with contextlib.suppress(OSError):
        with net.acs.connect(lab.ROUTER4, 7547, seconds=0.5) as s:
            s.sendall(HOSTILE)
            end_of(s, 0.3)
    return is_read(agent)


def test_no_other_firewall(net, agent, flushed):
    """Nobody is left to drop: open, until the rules are back.  No daemon can change that."""
    with flushed(NONE):
        assert is_open_to_new(net, agent)


def test_accept_with_our_mark(net, agent, flushed):
    """Closed to new connections ..."""
    with flushed(ACCEPT):
        assert not is_open_to_new(net, agent)


def test_accept_with_our_mark_comes_too_late(net, agent, flushed):
    """... but whoever had begun one before is established: the same rules are open to him."""
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        with flushed(ACCEPT):
            s.sendall(HOSTILE)
            assert is_read(agent)


@pytest.mark.parametrize("rules", [DROP, chaos.FLUSH], ids=["stateful", "chaos"])
def test_drop_without_our_mark(net, agent, flushed, rules):
    """Closed to everybody, and the ACS is served when the rules are back."""
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        with flushed(rules):
            s.sendall(HOSTILE)
            assert not is_open_to_new(net, agent)


@pytest.mark.dialect("ccsp")
def test_drop_without_our_mark_on_a_checked_connection(net, agent, flushed):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, bare())) == 401
        with flushed(DROP):
            s.sendall(HOSTILE)
            assert not is_read(agent)
