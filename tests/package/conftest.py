# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: the packages, built once; a machine on which they are installed."""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "net")]

import agent as agent_module
import chroot
import lab
import machine as machine_module

SOURCE = "/build"
PREVIOUS = "0.0.9"
RUNTIME = "curl python3 iproute2"	# what debian/tests/control asks for


def pytest_configure():
    if os.geteuid() != 0:
        raise pytest.UsageError("chroots and namespaces need root")
    lab.unwind_on_signals()
    lab.sweep()
    for path in chroot.PLACE.glob("run*-*"):
        if not os.path.exists(f"/proc/{re.match('run([0-9]+)', path.name)[1]}"):
            shutil.rmtree(path, ignore_errors=True)


def version():
    return re.search(r"^VERSION\s*:= (\S+)", (lab.REPO / "Makefile").read_text(), re.M)[1]


class Build:
    """One run of packaging/build-deb in a builder of its own."""

    def __init__(self, directory, name, builder, prepare="", options="nocheck"):
        self.layer = chroot.Layer(directory / name, builder, *builder.below)
        self.place = self.layer.upper / "build"
        self.place.mkdir(parents=True)
        shutil.copy(lab.REPO / f"build/cwmpgate-{version()}.tar.gz", self.place)
        shutil.copy(lab.REPO / "packaging/build-deb", self.place)
        self.script = (f"cd {SOURCE}; export DEB_BUILD_OPTIONS='parallel=2 {options}'\n{prepare}\n"
                       f"./build-deb cwmpgate-*.tar.gz {name} 2>&1")
        self.name, self.log, self.error = name, "", None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            self.log = self.layer.shell(self.script)
        except BaseException as error:		# said by whoever waits
            self.error = error

    def wait(self):
        self.thread.join()
        if self.error:
            raise self.error
        return self

    def files(self, pattern):
        return sorted((self.place / self.name).glob(pattern))

    def deb(self, package="cwmpgate"):
        (found,) = self.files(f"{package}_*.deb")
        return found


# The same tree, as if it had been released before.
AS_PREVIOUS = f"""
tar -xzf cwmpgate-*.tar.gz
rm cwmpgate-*.tar.gz
mv cwmpgate-* cwmpgate-{PREVIOUS}
sed -i 's/^VERSION.*:= .*/VERSION := {PREVIOUS}/' cwmpgate-{PREVIOUS}/Makefile
sed -i '1s/(.*)/({PREVIOUS}-1)/' cwmpgate-{PREVIOUS}/packaging/debian/changelog
tar -czf cwmpgate-{PREVIOUS}.tar.gz cwmpgate-{PREVIOUS}
rm -r cwmpgate-{PREVIOUS}
"""


@pytest.fixture(scope="session")
def directory():
    chroot.PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"run{os.getpid()}-", dir=chroot.PLACE) as path:
        yield pathlib.Path(path)


@pytest.fixture(scope="session")
def layers():
    return chroot.layers()


@pytest.fixture(scope="session")
def builds(directory, layers):
    """All of them at once; a test waits for what it needs."""
    builder = layers[1]
    running = {
        "previous": Build(directory, "previous", builder, AS_PREVIOUS),
        # Another name, user's mask, time zone and language.
        "again": Build(directory, "again-elsewhere", builder,
                       "umask 027; export TZ=Pacific/Chatham LC_ALL=C LANG=tr_TR"),
        "built": Build(directory, "built", builder, options=""),
    }
    yield running
    for build in running.values():
        build.thread.join()


@pytest.fixture(scope="session")
def built(builds):
    return builds["built"].wait()


@pytest.fixture(scope="session")
def installable(directory, layers, builds, built):
    """A layer that holds the packages, and in apt's cache what they depend on."""
    base = layers[0]
    layer = chroot.Layer(directory / "installable", base)
    place = layer.upper / "root"
    place.mkdir(parents=True)
    shutil.copy(builds["previous"].wait().deb(), place / "previous.deb")
    shutil.copy(built.deb(), place / "cwmpgate.deb")
    shutil.copytree(lab.REPO / "packaging/debian/tests", place / "tests")
    apt = " ".join(chroot.APT)
    layer.shell(f"{apt} update; {apt} --download-only install /root/cwmpgate.deb {RUNTIME} iptables")
    return layer


@pytest.fixture(scope="module")
def net():
    with lab.Net() as network:
        yield network


@pytest.fixture(scope="module")
def agent(net):
    running = agent_module.Agent(net)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def machine(net, installable):
    with machine_module.Machine(net, installable, *installable.below) as running:
        yield running
