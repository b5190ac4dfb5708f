# SPDX-License-Identifier: GPL-2.0-or-later
"""A configuration that is wrong is refused in words, and nothing is loaded but what
keeps the ports closed; of that is test_start.py."""

import itertools
import re
import socket
import subprocess

import pytest

import lab
from gate import DAEMON, ENVIRONMENT
from heads import ask, bare, status_of
from replayed import RELOADED
from test_cli import COMMAND, control
from test_good import curl

BROKEN = sorted((lab.REPO / "tests/unit/conf").glob("*.conf"))

# name: (text put in place of a setting's line, what the message has)
BAD = {
    "syntax": ('mode = "enforce"', 'mode = "enforce'),
    "unknown setting": ('mode = "enforce"', 'mode = "enforce";\ncolour = "red"'),
    "unknown mode": ('"enforce"', '"lenient"'),
    "mode is a number": ('"enforce"', "1"),
    "address": ("192.0.2.10/31", "192.0.2.256"),
    "prefix too long": ("192.0.2.10/31", "192.0.2.10/33"),
    "a name for a prefix": ("192.0.2.10/31", "not an address"),
    "port zero": ("7547, 30005", "0"),
    "port too big": ("7547, 30005", "70000"),
    "port as text": ("7547, 30005", '"http"'),
    "rate": ("1000/s burst 1000", "fast"),
    "rate without number": ("1000/s burst 1000", "/s burst 1000"),
    "path without slash": ('"/cr"', '"cr"'),
    "queue": ("queue = 7547", "queue = 65536"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("option", ["-t", "-f"])
def test_bad_settings(net, unstarted_gate, name, option):
    gate = unstarted_gate
    good, bad = BAD[name]
    text = gate.config.read_text()
    assert good in text
    gate.config.write_text(text.replace(good, bad, 1))
    refused(net, gate, gate.run(option), rf"{re.escape(str(gate.config))}:\d+:\d+: \S+", option)


def refused(net, gate, done, message, option="-f"):
    assert done.returncode == 2, done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert "ready" not in done.stderr
    closed = "table inet cwmpgate" in net.router.ruleset()
    assert closed == (option == "-f") == ("closed to everybody" in done.stderr)
    assert gate.unload().returncode == 0 and net.router.ruleset() == ""
    assert not gate.status_file.exists()


def messages(file):
    """What a file of tests/unit/conf says it is refused with, line by line."""
    text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    lines = itertools.takewhile(lambda x: x.startswith("#= "), text.splitlines())
    return [f"{file}:{x[3:] if x[3].isdigit() else ' ' + x[3:]}" for x in lines]


@pytest.mark.parametrize("argv", [[DAEMON, "-t", "-c"], [DAEMON, "-f", "-c"], [COMMAND, "check"]],
                         ids=["-t", "-f", "check"])
def test_broken_files(net, argv):
    """Status 2, all messages, nothing else and nothing done but perhaps closing the ports."""
    for file in BROKEN:
        done = net.router.run(*argv, file, check=False, env=ENVIRONMENT, errors="surrogateescape")
        assert done.returncode == 2, file
        told = [x for x in done.stderr.splitlines() if not re.match(r"(\d|\s)[\d\s]{4} \| ", x)]
        assert [x for x in told if not x.startswith("cwmpgated does not start; ")] == messages(file)
        assert not done.stdout
    assert "-f" in argv or net.router.ruleset() == ""


@pytest.mark.not_replayed(RELOADED)
def test_reloads_of_broken_files(net, agent, gate):
    """None of them changes anything, and the last word is that of the good one."""
    before, rules = gate.processes(), net.router.ruleset()
    good = gate.config.read_text()
    for file in BROKEN:
        gate.config.write_bytes(file.read_bytes())
        answer, _ = control(gate, b"reload\n")
        assert answer.startswith("error\n"), file
        assert str(gate.config) + messages(file)[0].removeprefix(str(file)) in answer
    assert gate.processes() == before and net.router.ruleset() == rules
    gate.config.write_text(good)
    assert control(gate, b"reload\n")[0].startswith("ok\n")
    assert curl(net, lab.ROUTER4) == "200"


@pytest.mark.not_replayed(RELOADED)
def test_several_files(net, agent, gate):
    """conf.d/ comes after the file, in the order of the names; its errors name it."""
    def asked(path):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            try:
                return status_of(ask(s, bare(path)))
            except ConnectionResetError:
                return "reset"
    more = gate.config.parent / "conf.d"
    more.mkdir()
    (more / "20.conf").write_text('path = "/last";\n')
    (more / "10.conf").write_text('path = "/first";\n')
    assert control(gate, b"reload\n")[0].startswith("ok\n")
    assert asked("/last") == 401 and asked("/first") == "reset"
    (more / "20.conf").write_text('\npath = "last";\n')
    answer, _ = control(gate, b"reload\n")
    assert answer.startswith(f"error\n{more}/20.conf:2:8: path: found \"last\", expected")
    assert asked("/last") == 401


@pytest.mark.parametrize("option", ["-t", "-f"])
def test_no_file(net, unstarted_gate, option):
    gate = unstarted_gate
    gate.config.unlink()
    refused(net, gate, gate.run(option), rf"{re.escape(str(gate.config))}.*No such file", option)


def test_a_directory(net, unstarted_gate):
    gate = unstarted_gate
    gate.config.unlink()
    gate.config.mkdir()
    refused(net, gate, gate.run("-f"), re.escape(str(gate.config)))


def test_no_credentials_file(net, unstarted_gate):
    gate = unstarted_gate
    gate.credentials.unlink()
    refused(net, gate, gate.run("-f"), rf"{re.escape(str(gate.credentials))}.*No such file")


def test_credentials_are_needed(net, unstarted_gate):
    gate = unstarted_gate
    gate.write_config(credentials=None)
    refused(net, gate, gate.run("-f"), "credentials")


@pytest.mark.config(acs=None)
def test_nobody_is_allowed(net, agent, gate):
    """An empty set of sources means nobody, and says so."""
    assert re.search("warning.*acs", gate.log())
    with pytest.raises(socket.timeout):
        net.acs.connect(lab.ROUTER4, 7547, seconds=1)


def test_credentials_open_to_others(net, unstarted_gate):
    gate = unstarted_gate
    gate.credentials.chmod(0o644)
    refused(net, gate, gate.run("-f"), re.escape(str(gate.credentials)))


@pytest.mark.parametrize("text", ["", "# nobody\n", "acs\n", ":secret\n", "a:b\0c\n"])
def test_bad_credentials(net, unstarted_gate, text):
    gate = unstarted_gate
    gate.write_credentials(text)
    done = gate.run("-f")
    refused(net, gate, done, re.escape(str(gate.credentials)))
    assert "secret" not in done.stderr


def test_every_error_is_told_at_once(net, unstarted_gate):
    gate = unstarted_gate
    gate.write_config(mode="lenient", queue=70000, path="cr")
    done = gate.run("-t")
    refused(net, gate, done, "mode", "-t")
    assert all(word in done.stderr for word in ("mode", "queue", "path"))


def test_good_configuration(net, unstarted_gate):
    done = unstarted_gate.run("-t")
    assert done.returncode == 0, done.stderr
    assert net.router.ruleset() == ""


def test_bad_configuration_while_running(net, agent, gate):
    """The running daemon and its rules do not notice."""
    before = net.router.ruleset()
    text = gate.config.read_text()
    gate.config.write_text('mode = "lenient";\n')
    assert gate.run("-f").returncode == 2
    gate.config.write_text(text)
    assert net.router.ruleset() == before
    assert curl(net, lab.ROUTER4) == "200"


def test_second_daemon_on_the_queue(net, agent, gate):
    """It says who holds the queue, and leaves the first one alone."""
    before = net.router.ruleset()
    done = gate.run("-f")
    assert done.returncode not in (0, None)
    assert "7547" in done.stderr and str(gate.process.pid) in done.stderr, done.stderr
    assert net.router.ruleset() == before
    assert curl(net, lab.ROUTER4) == "200"


def test_usage():
    import gate
    done = subprocess.run([gate.DAEMON, "--no-such-option"], text=True, timeout=10,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr.lower()
