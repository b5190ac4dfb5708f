# SPDX-License-Identifier: GPL-2.0-or-later
"""The package's life on a machine that runs systemd: each test goes on where the last ended.

The network is that of tests/net; the machine is its router, and the agent listens
there outside of it, so that it outlives every installation.
"""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest

import conftest
import gate
import lab
from heads import ask, bare, end_of, status_of

UNIT = "cwmpgate.service"
CONF = "/etc/cwmpgate/cwmpgate.conf"
CREDENTIALS = "/etc/cwmpgate/credentials"
HOSTILE = b"GET /anything HTTP/1.1\nEvil: yes\n\n"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/test.conf"

# systemd-analyze security's number, times ten; packaging/README.md has what makes it up.
EXPOSURE = 24

SETTINGS = {**gate.SETTINGS, "credentials": CREDENTIALS, "ban": 0}
MINE = "# the administrator's own line\n"

# capability.h
CAP = {"KILL": 5, "SETGID": 6, "SETUID": 7, "SETPCAP": 8, "NET_ADMIN": 12, "NET_RAW": 13}

# What may differ after a purge: what apt, dpkg and systemd remember of all packages, and the
# users, whose numbers are not given to anybody else.
REMEMBERED = re.compile(
    r"/var/(lib|cache)/(apt|dpkg|systemd|misc)/|/var/lib/(apt|dpkg)|/var/log/|/var/cache/(ldconfig|debconf)|"
    r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|/etc/\.pwd\.lock$|"
    r"/run/(systemd|udev|log|dbus|user|lock)/|/tmp|/var/tmp|/root")


def settings(**changes):
    return MINE + gate.configuration({**SETTINGS, **changes})


def is_read(agent, seconds=1.0):
    """Whether the agent gets to read what no gate would let pass."""
    with contextlib.suppress(lab.Late):
        return lab.wait_until(lambda: any(HOSTILE in c.bytes for c in agent.connections()),
                              "read", seconds)
    return False


def attack(net):
    with contextlib.suppress(OSError):
        with net.acs.connect(lab.ROUTER4, 7547, seconds=0.5) as s:
            s.sendall(HOSTILE)
            end_of(s, 0.3)


def rules(machine):
    return machine.run("nft", "list", "table", "inet", "cwmpgate", check=False).returncode == 0


def curl(net):
    """The status an honest request ends in, with credentials and digest."""
    return net.acs.run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", 5,
                       "--digest", "-u", f"{gate.USER}:{gate.PASSWORD}",
                       f"http://{lab.ROUTER4}:7547{gate.PATH}", check=False).stdout


def served(net):
    lab.wait_until(lambda: curl(net) == "200", "an honest request passes", 10)


class Probe:
    """Asks honestly each 20 ms, attacks each 200 ms; knows afterwards how long nobody was served."""

    PATIENCE = 0.5		# less than a second: no SYN is sent again

    def __init__(self, net):
        self.net, self.good, self.end = net, [], threading.Event()
        self.threads = []

    def __enter__(self):
        self.main = threading.Thread(target=self._run)
        self.main.start()
        lab.wait_until(lambda: len(self.good) > 5, "the probe is served", 10)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(lab.Late):
            before = time.monotonic()
            lab.wait_until(lambda: any(t > before for t in self.good), "served again", 10)
        self.end.set()
        self.main.join()
        for t in self.threads:
            t.join()

    def _run(self):
        n = 0
        while not self.end.wait(0.02):
            t = threading.Thread(target=attack if n % 10 == 9 else self._ask,
                                 args=[self.net] if n % 10 == 9 else [])
            t.start()
            self.threads.append(t)
            n += 1

    def _ask(self):
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            with self.net.acs.connect(lab.ROUTER4, 7547, seconds=self.PATIENCE) as s:
                if status_of(ask(s, bare())) == 401:
                    self.good.append(begun)

    def longest_ms(self):
        times = sorted(self.good)
        return max(int(1000 * (b - a)) for a, b in zip(times, times[1:]))


@pytest.fixture(scope="module")
def before(machine):
    """What the machine has without the package; iptables is for kernels without nft_queue."""
    machine.apt("install", "iptables")
    return machine.files(), machine.run("nft", "list", "ruleset", check=False).stdout


def test_installs(machine, before):
    """An earlier version, with what it depends on."""
    machine.apt("install", "/root/previous.deb")
    assert machine.run("cwmpgated", "-V").stdout.strip() == f"cwmpgated {conftest.PREVIOUS}"


def test_runs_in_monitor_mode(machine, net, agent):
    """Enabled, started, and everything passes."""
    assert machine.run("systemctl", "is-enabled", UNIT).stdout.strip() == "enabled"
    assert machine.active(UNIT), machine.journal(UNIT)
    assert "mode monitor" in machine.show(UNIT, "StatusText")["StatusText"]
    assert machine.run("cwmpgate", "status").returncode == 0
    attack(net)
    assert is_read(agent)


def test_fails_open_in_monitor_mode(machine, net):
    machine.run("systemctl", "stop", UNIT)
    served(net)
    machine.run("systemctl", "start", UNIT)
    served(net)


def test_unit_is_well_formed(machine):
    said = machine.run("systemd-analyze", "verify", "--man=no", UNIT, check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_exposure(machine):
    """What systemd makes of the unit; the same command says what it is made up of."""
    machine.run("systemd-analyze", "security", "--no-pager", f"--threshold={EXPOSURE}", UNIT)


def test_guards(machine, net, agent):
    """Told to, by a reload."""
    machine.write(CREDENTIALS, f"{gate.USER}:{gate.PASSWORD}\n", 0o600)
    machine.write(CONF, settings())
    machine.run("systemctl", "reload", UNIT)
    lab.wait_until(lambda: "mode enforce" in machine.show(UNIT, "StatusText")["StatusText"],
                   lambda: machine.journal(UNIT), 10)
    served(net)
    assert agent.heads()
    seen = len(agent.connections())
    attack(net)
    assert not is_new(agent, seen)
    with pytest.raises(OSError):
        net.stranger.connect(lab.ROUTER4_FAR, 7547, seconds=1)


def is_new(agent, seen):
    """Whether one of the connections after the first @seen is hostile."""
    time.sleep(0.5)
    return any(HOSTILE in c.bytes for c in agent.connections()[seen:])


def status_fields(pid):
    return dict(line.split(":\t", 1) for line in
                pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def capabilities(names):
    return sum(1 << CAP[n] for n in names)


def test_processes_hold_what_they_need(machine):
    """Users by name, capabilities, and a filter of system calls for each."""
    users = dict(line.split(":")[0:3:2] for line in
                 machine.run("getent", "passwd").stdout.splitlines())
    found = machine.processes()
    assert set(found) == {"cwmpgated", "cwmpgate-guard", "cwmpgate-judge"}
    for name, user, effective in (("cwmpgated", "root", CAP),
                                  ("cwmpgate-guard", "_cwmpgate", ["NET_ADMIN"]),
                                  ("cwmpgate-judge", "_cwmpgate-judge", [])):
        s = status_fields(found[name])
        assert s["Uid"].split() == [users[user]] * 4, name
        assert int(s["CapEff"], 16) == capabilities(effective), name
        assert int(s["CapPrm"], 16) == capabilities(effective), name
        assert (s["NoNewPrivs"], s["Seccomp"]) == ("1", "2"), name
        assert int(s["CapBnd"], 16) == (capabilities(CAP) if name == "cwmpgated" else 0), name


def test_sees_little_of_the_machine(machine):
    """No /proc but that of processes, and no secret of other programs."""
    root = pathlib.Path(f"/proc/{machine.processes()['cwmpgated']}/root")
    assert (root / "proc/self").is_symlink() and not (root / "proc/sys").exists()
    assert machine.run("cat", "/etc/shadow").stdout
    assert (root / "etc/shadow").read_bytes() == b""


def test_says_where_replay_is(machine):
    said = machine.run("cwmpgate", "replay", "/nothing", check=False)
    assert said.returncode != 0 and "in the package cwmpgate-replay" in said.stderr


@contextlib.contextmanager
def drop_in(machine, *lines):
    """The unit with @lines more, started again before and after."""
    machine.run("mkdir", "-p", os.path.dirname(DROP_IN))
    machine.write(DROP_IN, "[Service]\n" + "\n".join(lines) + "\n")
    try:
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", UNIT)
        yield
    finally:
        machine.run("rm", "-r", os.path.dirname(DROP_IN))
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", UNIT)


def test_nothing_wants_what_the_unit_forbids(machine, net):
    """With a filter that kills in place of one that refuses, all works as before."""
    with drop_in(machine, "SystemCallErrorNumber=kill"):
        restarts = machine.show(UNIT, "NRestarts")
        served(net)
        machine.run("systemctl", "reload", UNIT)
        served(net)
        machine.run("nft", "flush", "ruleset")
        lab.wait_until(lambda: rules(machine), "the rules are back", 5)
        machine.run("cwmpgate", "ban", "192.0.2.11", "60")
        machine.run("cwmpgate", "unban", "192.0.2.11")
        os.kill(machine.processes()["cwmpgate-guard"], signal.SIGKILL)
        served(net)
        assert "SYS" not in machine.journal(UNIT).split("ready, mode")[-1]
        assert machine.show(UNIT, "NRestarts") == restarts and machine.active(UNIT)


def test_bad_configuration_changes_nothing(machine, net):
    machine.write(CONF, "mode = enforce;\n")
    assert machine.run("systemctl", "reload", UNIT, check=False).returncode != 0
    assert machine.active(UNIT)
    served(net)
    machine.write(CONF, settings())
    machine.run("systemctl", "reload", UNIT)
    served(net)


def test_killed(machine, net, agent):
    """The service manager brings it back; meanwhile the port is closed."""
    seen = len(agent.connections())
    with Probe(net) as probe:
        os.kill(machine.processes()["cwmpgated"], signal.SIGKILL)
        time.sleep(1)
    assert not is_new(agent, seen)
    print(f"killed: not served for {probe.longest_ms()} ms")
    assert probe.longest_ms() < 3000


def test_hanging_daemon_is_replaced(machine, net):
    """The watchdog, made impatient for this test."""
    with drop_in(machine, "WatchdogSec=2"):
        pid = machine.processes()["cwmpgated"]
        os.kill(pid, signal.SIGSTOP)
        lab.wait_until(lambda: machine.processes().get("cwmpgated", pid) != pid,
                       lambda: machine.journal(UNIT)[-2000:], 20)
        served(net)
    served(net)


FIREWALL = """#!/usr/sbin/nft -f
flush ruleset
table inet firewall {
	chain input {
		type filter hook input priority filter; policy accept;
		tcp dport { 7547, 30005 } meta mark & 0x40000000 == 0 drop
	}
}
"""


def test_reload_of_nftables(machine, net, agent):
    """Debian's service flushes every table; ours is back, and one line holds it closed meanwhile."""
    machine.write("/etc/nftables.conf", FIREWALL)
    machine.run("systemctl", "start", "nftables.service")
    lab.wait_until(lambda: rules(machine), "the rules are back", 5)
    served(net)
    seen = len(agent.connections())
    with Probe(net) as probe:
        machine.run("systemctl", "reload", "nftables.service")
        time.sleep(1)
    lab.wait_until(lambda: rules(machine) and machine.active(UNIT), "all is well", 5)
    assert not is_new(agent, seen)
    print(f"nftables.service reloaded: not served for {probe.longest_ms()} ms")


def test_restart_and_stop_of_nftables(machine, net):
    """Between its stop and its start that line is gone as well (docs/threat-model.md): soon back."""
    for word in "restart", "stop":
        machine.run("systemctl", word, "nftables.service")
        lab.wait_until(lambda: rules(machine), f"the rules are back after a {word}", 2)
        lab.wait_until(lambda: machine.active(UNIT), "running", 5)
        served(net)


def test_upgrade(machine, net, agent):
    """The port is guarded all the time, served again soon, and the configuration kept."""
    seen = len(agent.connections())
    with Probe(net) as probe:
        machine.apt("install", "/root/cwmpgate.deb")
        time.sleep(1)
    assert machine.run("cwmpgated", "-V").stdout.strip() == f"cwmpgated {conftest.version()}"
    assert machine.run("cwmpgate", "status").stdout.startswith(f"cwmpgate {conftest.version()}")
    assert machine.run("cat", CONF).stdout == settings()
    assert not is_new(agent, seen)
    print(f"upgrade: not served for {probe.longest_ms()} ms")
    assert probe.longest_ms() < 3000, machine.journal(UNIT, "short-precise")


def test_stop_closes(machine, net, agent):
    """In enforce mode what is not served is closed."""
    machine.run("systemctl", "stop", UNIT)
    seen = len(agent.connections())
    attack(net)
    assert not is_new(agent, seen)
    machine.run("systemctl", "start", UNIT)
    served(net)


def test_remove(machine, net, before):
    """Rules and processes are gone; the configuration stays."""
    machine.apt("remove", "cwmpgate")
    assert not machine.processes()
    assert "cwmpgate" not in machine.run("nft", "list", "ruleset").stdout
    served(net)			# by the agent itself
    assert machine.run("cat", CONF).stdout == settings()
    assert machine.run("test", "-e", CREDENTIALS).returncode == 0


def test_purge(machine, before):
    """Nothing is left but the users."""
    machine.apt("purge", "cwmpgate")
    machine.apt("autoremove", "--purge", "-o", "APT::AutoRemove::RecommendsImportant=false",
                "-o", "APT::AutoRemove::SuggestsImportant=false")
    files, ruleset = before
    left = {f for f in machine.files() - files if not REMEMBERED.match(f)}
    assert not {f for f in left if "cwmpgate" in f}
    assert not left
    assert machine.run("nft", "list", "ruleset", check=False).stdout.strip() == ruleset.strip() or \
        "cwmpgate" not in machine.run("nft", "list", "ruleset", check=False).stdout
    assert machine.run("getent", "passwd", "_cwmpgate", "_cwmpgate-judge",
                       "_cwmpgate-resolver").returncode == 0
