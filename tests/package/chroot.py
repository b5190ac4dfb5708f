# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian systems to build and install packages in: layers of directories.

    base       debootstrap's smallest system with systemd, of the release and from
               the sources this machine has
    builder    and what debian/control needs to build

Both stay in build/chroot until what they are made of changes.  Everything
that a test does is in a layer of its own on top, and goes with it.
"""

import contextlib
import fcntl
import hashlib
import inspect
import pathlib
import platform
import re
import shutil
import subprocess

import lab

HERE = pathlib.Path(__file__).resolve().parent
PLACE = lab.REPO / "build/chroot"
CONTROL = lab.REPO / "packaging/debian/control"
SYSTEM = "systemd,dbus"
APT = ["apt-get", "-y", "-q", "--no-install-recommends"]


def run(argv, **options):
    """Runs a program to its end; what it says is in the error if it fails."""
    done = subprocess.run([str(a) for a in argv], text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **options)
    assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout[-6000:]}"
    return done.stdout


class Layer:
    """A directory on top of others, the topmost of which comes first in @below."""

    def __init__(self, path, *below):
        self.path, self.below = pathlib.Path(path), below
        self.upper, self.work = self.path / "upper", self.path / "work"

    def lower(self):
        return ":".join(str(b.upper) for b in self.below)

    def enter(self, *argv, chroot=True):
        """How to run @argv in it."""
        return ["unshare", "--mount", "env", f"INSIDE={'yes' if chroot else ''}",
                HERE / "enter", self.lower(), self.upper, self.work, *argv]

    def run(self, *argv, chroot=True):
        """Runs a program in it; then its changes are on the disk, to be a layer below."""
        shutil.rmtree(self.work, ignore_errors=True)
        try:
            return run(self.enter(*argv, chroot=chroot))
        finally:
            shutil.rmtree(self.work, ignore_errors=True)

    def shell(self, script):
        return self.run("sh", "-euc", script)


def sources():
    """What this machine's apt gets Debian from: (site, release), its own release first."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    text = run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)",
                "Created-By: Packages", "Origin: Debian", "Component: main"])
    found = sorted(set(tuple(line.split()) for line in text.splitlines()),
                   key=lambda s: (s[1] != release, s))
    assert found and found[0][1] == release, f"no Debian {release} in apt's sources: {found}"
    return [s for s in found if s[1].startswith(release)]


def build_depends():
    """The packages of Build-Depends, debhelper's own notation put into names."""
    text = re.search(r"^Build-Depends:(.*?)^\S", CONTROL.read_text(), re.M | re.S)[1]
    names = re.findall(r"^ ([a-z0-9.+-]+)", text, re.M)
    return sorted({"debhelper" if n == "debhelper-compat" else n for n in names})


def make_base(layer, found):
    empty = layer.path / "empty"
    empty.mkdir(parents=True)
    site, release = found[0]
    run(["unshare", "--mount", HERE / "enter", empty, layer.upper, layer.work,
         "debootstrap", "--variant=minbase", f"--include={SYSTEM}", release, ".", site])
    apt = layer.upper / "etc/apt"
    (apt / "sources.list").write_text("".join(f"deb {s} {r} main\n" for s, r in found))
    proxies = [line for line in run(["apt-config", "dump"]).splitlines() if "::Proxy" in line]
    (apt / "apt.conf.d/90proxy").write_text("".join(f"{line}\n" for line in proxies))
    shutil.rmtree(layer.work)


def make_builder(layer):
    layer.shell(f"{' '.join(APT)} update && {' '.join(APT)} install build-essential fakeroot lintian "
                + " ".join(build_depends()))


@contextlib.contextmanager
def locked():
    PLACE.mkdir(parents=True, exist_ok=True)
    with open(PLACE / "lock", "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def layer_of(name, make, recipe, *below):
    """The layer @name, made by @make if there is none or its @recipe has changed."""
    stamp = hashlib.sha256(repr(recipe).encode()).hexdigest()
    layer, done = Layer(PLACE / name, *below), PLACE / f"{name}.made"
    if not done.exists() or done.read_text() != stamp:
        done.unlink(missing_ok=True)
        shutil.rmtree(layer.path, ignore_errors=True)
        make(layer)
        shutil.copy("/etc/resolv.conf", layer.upper / "etc/resolv.conf")
        done.write_text(stamp)
    return layer


def layers():
    """(base, builder), made if need be: some minutes once, then nothing."""
    with locked():
        found = sources()
        recipe = [SYSTEM, found, inspect.getsource(make_base)]
        base = layer_of("base", lambda l: make_base(l, found), recipe)
        recipe += [build_depends(), inspect.getsource(make_builder)]
        return base, layer_of("builder", make_builder, recipe, base)
