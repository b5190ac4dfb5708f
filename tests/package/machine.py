# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian system that runs, with systemd, as the router of tests/net's network."""

import contextlib
import pathlib
import signal
import subprocess
import time

import chroot
import lab

BOOT_SECONDS = 60


def cgroup_root():
    """Where the second version of control groups is mounted."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        words = line.split()
        if words[2] == "cgroup2":
            return pathlib.Path(words[1])
    raise AssertionError("no cgroup2 is mounted")


class Machine:
    """Runs while the with block does; nothing of it is left then."""

    def __init__(self, net, *below):
        self.net = net
        self.layer = chroot.Layer(net.dir / "machine", *below)
        self.log = net.dir / "machine.log"
        self.cgroup = cgroup_root() / net.prefix.rstrip("-")

    def __enter__(self):
        boot = [chroot.HERE / "boot", self.cgroup, self.net.router.name, "."]
        with open(self.log, "w") as log:
            self.process = lab.spawn(self.layer.enter(*boot, chroot=False),
                                     stdout=log, stderr=subprocess.STDOUT)
        try:
            self.pid = lab.wait_until(self._find_init, self._why_not, BOOT_SECONDS)
            lab.wait_until(self._is_up, self._why_not, BOOT_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """Its process 1 dies with its parent, and all others with that."""
        lab.end(self.process, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self.cgroup.exists() and time.monotonic() < deadline:
            for path in sorted(self.cgroup.rglob("*/"), reverse=True):
                with contextlib.suppress(OSError):
                    path.rmdir()
            with contextlib.suppress(OSError):
                self.cgroup.rmdir()
            time.sleep(0.01)

    def _find_init(self):
        """`unshare` has one child, which becomes systemd."""
        assert self.process.poll() is None, self._why_not()
        for pid in _children(self.process.pid):
            if _comm(pid) == "systemd":
                return pid
        return None

    def _is_up(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in (
            "running", "degraded")

    def _why_not(self):
        return f"the machine is up: {self.log.read_text(errors='replace')[-2000:]}"

    def argv(self, *argv):
        """How to run @argv inside, as its root."""
        return ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root",
                "DEBIAN_FRONTEND=noninteractive", *(str(a) for a in argv)]

    def run(self, *argv, check=True, timeout=120, **options):
        done = subprocess.run(self.argv(*argv), text=True, errors="replace", timeout=timeout,
                              stdin=options.pop("stdin", subprocess.DEVNULL),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              **options)
        assert not check or done.returncode == 0, \
            f"{argv}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def apt(self, *arguments, check=True):
        """There is no network: what is needed has to be in apt's cache already."""
        return self.run(*chroot.APT, "-o", "Acquire::Retries=0", *arguments, check=check)

    def write(self, path, text, mode=0o644):
        program = f"umask 077; cat >{path}.new && chmod {mode:o} {path}.new && mv {path}.new {path}"
        subprocess.run(self.argv("sh", "-c", program), input=text, text=True, check=True)

    def files(self):
        """Every path of the system outside /proc, /sys, /dev."""
        return set(self.run("find", "/", "-xdev", "-print").stdout.splitlines()) | set(
            self.run("find", "/run", "-print").stdout.splitlines())

    def show(self, unit, *properties):
        out = self.run("systemctl", "show", "-p", ",".join(properties), unit).stdout
        return dict(line.partition("=")[::2] for line in out.splitlines())

    def active(self, unit):
        return self.show(unit, "ActiveState")["ActiveState"] == "active"

    def journal(self, unit, form="cat"):
        return self.run("journalctl", "-q", "--no-pager", "-o", form, "-u", unit).stdout

    def processes(self, name="cwmpgate"):
        """Those whose name begins so: {name: pid}, numbers of this machine, not of it."""
        found, todo = {}, [self.pid]
        while todo:
            pid = todo.pop()
            todo += _children(pid)
            if _comm(pid).startswith(name):
                found[_comm(pid)] = pid
        return found


def _children(pid):
    with contextlib.suppress(OSError):
        return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                for child in (task / "children").read_text().split()]
    return []


def _comm(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
