# SPDX-License-Identifier: GPL-2.0-or-later
"""A start that fails, as at boot, when nothing of the gate is loaded yet: what was
meant to be closed is closed, and nothing else is."""

import os
import shutil

import pytest

import lab
from heads import ask, bare, status_of
from test_good import curl

ENFORCE = "mode = \"enforce\";\nacs = [ \"192.0.2.10/31\" ];\ndigest = \"off\";\n"

# name: what the configuration is; each of them has an error
CLOSES = {
    "enforce": ENFORCE + "path = 1;\n",
    "enforce, no quotes": "mode = enforce;\n",
    "enforce, a quote is missing": "mode = \"enforce;\nacs = [ ];\n",
    "enforce after a comment without an end": "/* acs\n" + ENFORCE,
    "enforce in a misspelt setting": "mod = \"enforce\";\n",
    "enforce in a group": "gate: { mode = \"enforce\"; };\n",
    "an unknown mode": "mode = \"enforc\";\n",
    "a mode that is a number": "mode = 1;\n",
    "block": "mode = \"block\";\nacs = 1;\n",
    "enforce without credentials": "mode = \"enforce\";\n",
    "ports are wrong": ENFORCE + "ports = [ 75470 ];\n",
    "interfaces are wrong": ENFORCE + "interfaces = [ \"wan9\", \"a name/\" ];\n",
    "a NUL byte": "mode = \"monitor\";\n\0\n",
}
LEAVES = {
    "monitor": "mode = \"monitor\";\npath = 1;\n",
    "no mode": "acs = [ \"192.0.2.256\" ];\n",
    "enforce in a comment": "# \"enforce\" is for later\nmode = \"monitor\"; // not \"block\"\nacs = 1;\n",
    "the packaged one": (lab.REPO / "conf/cwmpgate.conf").read_text() + "acs = 1;\n",
    "enforce, to be open without a daemon": ENFORCE + "daemon_down = \"open\";\npath = 1;\n",
}


def reached(net, port, seconds):
    """Who of an ACS, by both families, and a stranger reaches the agent."""
    def reaches(host, address):
        try:
            with host.connect(address, port, seconds=seconds) as s:
                return status_of(ask(s, bare())) == 401
        except OSError:
            return False
    return [reaches(net.acs, lab.ROUTER4), reaches(net.acs, lab.ROUTER6),
            reaches(net.stranger, lab.ROUTER4_FAR)]


def is_open(net, port=7547):
    return all(reached(net, port, seconds=5))


def is_closed(net, port=7547):
    return not any(reached(net, port, seconds=0.5))


def fails(gate, status=2):
    done = gate.run("-f")
    assert done.returncode == status, done.stderr
    return done.stderr


def repaired(net, gate):
    """The next good start serves, and unloading leaves nothing."""
    gate.write_config()
    gate.start()
    assert curl(net, lab.ROUTER4) == "200"
    gate.stop()
    assert gate.unload().returncode == 0
    assert net.router.ruleset() == ""


@pytest.mark.parametrize("name", CLOSES)
def test_closes(net, agent, unstarted_gate, name):
    gate = unstarted_gate
    gate.config.write_text(CLOSES[name])
    assert is_open(net)
    assert "ports 7547, 30005 are closed to everybody" in fails(gate)
    assert is_closed(net) and is_closed(net, 30005)
    if name == "enforce":
        repaired(net, gate)


@pytest.mark.parametrize("name", LEAVES)
def test_leaves(net, agent, unstarted_gate, name):
    gate = unstarted_gate
    gate.config.write_text(LEAVES[name])
    assert "closed" not in fails(gate)
    assert is_open(net) and net.router.ruleset() == ""


def test_no_file_closes(net, agent, unstarted_gate):
    """What it would say is not known; the package has one that says nothing."""
    unstarted_gate.config.unlink()
    assert "closed to everybody" in fails(unstarted_gate)
    assert is_closed(net)


def test_further_file_counts(net, agent, unstarted_gate):
    gate = unstarted_gate
    gate.config.write_text("acs = 1;\n")
    (gate.config.parent / "conf.d").mkdir()
    (gate.config.parent / "conf.d/site.conf").write_text(ENFORCE)
    assert "closed to everybody" in fails(gate)
    assert is_closed(net)


def test_other_ports_are_closed_as_well(net, unstarted_gate):
    unstarted_gate.config.write_text(ENFORCE + "ports = [ 58000 ];\npath = 1;\n")
    assert "ports 58000, 7547, 30005 are closed" in fails(unstarted_gate)


@pytest.mark.config(interfaces=["wan0"])
def test_credentials_that_cannot_be_read(net, agent, unstarted_gate):
    """The configuration itself is right: closed is what it guards, and no more."""
    gate = unstarted_gate
    gate.credentials.write_text("no colon\n")
    assert "ports 7547, 30005 are closed" in fails(gate)
    with pytest.raises(OSError):
        net.acs.connect(lab.ROUTER4, 7547, seconds=0.5)
    with net.stranger.connect(lab.ROUTER4_FAR, 7547) as s:
        assert status_of(ask(s, bare())) == 401


@pytest.mark.parametrize("mode,closes", [("enforce", True), ("monitor", False)])
def test_guard_that_does_not_start(net, agent, unstarted_gate, mode, closes):
    """A right configuration, and a start that fails: somebody else has the queue."""
    gate = unstarted_gate
    gate.write_config(mode=mode)
    for name in "cwmpgated", "cwmpgate-judge":
        shutil.copy(lab.REPO / "build" / name, gate.net.dir)
    os.symlink("/bin/false", gate.net.dir / "cwmpgate-guard")
    gate.argv = lambda *more: [gate.net.dir / "cwmpgated", "-c", gate.config, *more]
    assert ("closed to everybody" in fails(gate, 1)) == closes
    assert is_closed(net) if closes else is_open(net)
    if closes:
        del gate.argv
        repaired(net, gate)


def test_loaded_rules_stay(net, agent, gate):
    """After a crash they are closed by themselves, and know more than a wrong file."""
    before = net.router.ruleset()
    gate.kill()
    gate.config.write_text("mode = enforce;\n")
    assert "the rules loaded before stay" in fails(gate)
    assert net.router.ruleset() == before and is_closed(net)
    gate.write_config()
    gate.start()


def test_check_closes_nothing(net, agent, unstarted_gate):
    unstarted_gate.config.write_text("mode = enforce;\n")
    assert unstarted_gate.run("-t").returncode == 2
    assert is_open(net) and net.router.ruleset() == ""


def test_iptables(net, agent, unstarted_gate):
    """On a router that has nothing else."""
    gate = unstarted_gate
    gate.config.write_text(ENFORCE + "firewall = \"iptables\";\npath = 1;\n")
    assert "closed to everybody" in fails(gate)
    assert is_closed(net)
    assert "table inet cwmpgate" not in net.router.ruleset()
    assert "the rules loaded before stay" in fails(gate)
    assert gate.unload().returncode == 0
    assert is_open(net)
