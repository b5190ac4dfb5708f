# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon as the tests handle it: configuration, life, counters, oracle."""

import ipaddress
import os
import pathlib
import re
import signal
import subprocess

import lab

USER, PASSWORD = "acs", "the secret of this device"
PATH = "/cr"

DAEMON = pathlib.Path(os.environ.get("CWMPGATED", lab.REPO / "build/cwmpgated"))
ENVIRONMENT = {**os.environ, "CWMPGATE_RULES_DIR": str(lab.REPO / "rules"),
               "ASAN_OPTIONS": "abort_on_error=0:halt_on_error=1"}

# Budgets are out of the way unless a test is about them.
SETTINGS = {
    "mode": "enforce",
    "acs": ["192.0.2.10/31", "2001:db8:1::10/127"],
    "ports": list(lab.PORTS),
    "path": PATH,
    "attempts": "1000/s burst 1000",
    "requests": "1000/s burst 1000",
    "all_requests": "1000/s burst 1000",
    "syn": "1000/s burst 1000",
    "queue": 7547,
    "kmod": os.environ.get("CWMPGATE_KMOD"),
}


def literal(value):
    """A value in libconfig's notation."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[ " + ", ".join(map(literal, value)) + " ]"
    return str(value) if isinstance(value, int) else '"' + value + '"'


def configuration(settings):
    return "".join(f"{name} = {literal(value)};\n" for name, value in settings.items()
                   if value is not None)


class Gate:
    """One configuration, and the daemon while it runs."""

    # What the tests have beside each life of a daemon, if they have: replayed.Record.
    recorder = None

    def __init__(self, net, **overrides):
        self.net, self.host, self.process = net, net.router, None
        self.record = None
        self.expect_dead = False
        self.environment = {}
        self.config = net.dir / "cwmpgate.conf"
        self.credentials = net.dir / "credentials"
        self.control = net.dir / "control"
        self.acs_state = net.dir / "state" / "acs"
        self.status_file = net.dir / "status"
        self.written_file = net.dir / "written"
        self.log_file = net.dir / "gate.log"
        self.write_credentials(f"{USER}:{PASSWORD}\n")
        self.write_config(**overrides)

    def write_credentials(self, text, mode=0o600):
        self.credentials.write_text(text)
        self.credentials.chmod(mode)

    def write_config(self, **overrides):
        self.config.write_text(configuration(
            {**SETTINGS, "credentials": str(self.credentials), "control": str(self.control),
             "acs_state": str(self.acs_state), **overrides}))

    def argv(self, *more):
        return [DAEMON, "-c", self.config, *more]

    def run(self, *more):
        """The daemon run to its end, as for -t and -u."""
        return self.host.run(*self.argv(*more), check=False, env=ENVIRONMENT)

    def start(self):
        self.status_file.unlink(missing_ok=True)
        with open(self.log_file, "w") as log:
            self.process = self.host.spawn(
                *self.argv("-f", "-s", self.status_file, "-w", self.written_file),
                stdout=log, stderr=subprocess.STDOUT, env={**ENVIRONMENT, **self.environment})
        lab.wait_until(self._ready_or_dead, "the daemon is ready", 10)
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended: {self.log()}")
        self.expect_dead = False
        self._end_record()
        self.record = self.recorder(self) if self.recorder else None
        return self

    def _end_record(self):
        record, self.record = self.record, None
        if record:
            record.close()

    def _ready_or_dead(self):
        return re.search(r"\bready\b", self.log()) or self.process.poll() is not None

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def pids(self):
        """The daemon, and what it has started."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def processes(self):
        """Process ids by name; with several queues only one of each name."""
        return {name: pid for pid in self.pids() if (name := lab.name_of(pid))}

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """An orderly end; the rules stay, and so nothing gets in."""
        self.expect_dead = True
        try:
            if self.record and self.alive():
                self.record.compare()
        finally:
            self._end_record()
            status = lab.end(self.process) if self.process else None
        return status

    def kill(self):
        self.expect_dead = True
        lab.end(self.process, signal.SIGKILL)
        self._end_record()

    def unload(self):
        return self.run("-u")

    def status(self):
        """Counters by reason, and the last decisions as lists of words."""
        counters, recent = {}, []
        text = self.status_file.read_text() if self.status_file.exists() else ""
        for words in map(str.split, text.splitlines()):
            if words and words[0] == "recent":
                recent.append(words[1:])
            elif len(words) == 2:
                counters[words[0]] = int(words[1])
        return counters, recent

    def count(self, reason):
        return self.status()[0].get(reason, 0)

    def expect(self, *reasons, n=1, seconds=5.0):
        """Waits until one of @reasons was given @n times, and returns it."""
        def given():
            counters = self.status()[0]
            return next((r for r in reasons if counters.get(r, 0) >= n), None)
        return lab.wait_until(given, lambda: f"{n} x {' or '.join(reasons)}; "
                              f"counted {self.status()[0]}", seconds)

    def written(self):
        """The canonical heads the gate wrote, by client address and port."""
        heads = {}
        if self.written_file.exists():
            for line in self.written_file.read_text().splitlines():
                address, port, data = line.split()
                heads.setdefault(endpoint(address, port), []).append(bytes.fromhex(data))
        return heads

    def sanitizer_report(self):
        return re.search(r".*(Sanitizer|runtime error).*", self.log())


def endpoint(address, port):
    a = ipaddress.ip_address(address)
    return str(getattr(a, "ipv4_mapped", None) or a), int(port)
