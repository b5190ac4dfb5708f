# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for the module's own cases: tests/net's network, the module, its family."""

import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).parent),
                str(pathlib.Path(__file__).resolve().parents[1] / "net")]

import pytest

import genl
import lab
from line import Line


@pytest.fixture(scope="session", autouse=True)
def module():
    if not genl.is_loaded():
        genl.insmod()
    assert genl.is_loaded(), "self-test or insmod failed: see dmesg"


@pytest.fixture(scope="module")
def net(module):
    """One network for all cases of a file: each sets a configuration of its own."""
    with lab.Net() as network:
        yield network


@pytest.fixture
def family(net):
    with genl.Family(net.router) as f:
        yield f
        try:
            f.delete()
        except genl.Refused:
            pass


@pytest.fixture
def line(net):
    w = Line(net)
    yield w
    w.close()


@pytest.fixture
def seen(family):
    """What was counted since it was last called, without zeros; waits for @n packets."""
    last = family.counters()

    def since(n):
        nonlocal last

        def told():
            now = family.counters()
            return {k: now[k] - last[k] for k in now if now[k] != last[k]}
        try:
            lab.wait_until(lambda: sum(told().values()) >= n, f"{n} packets", 20)
        except lab.Late:
            pass
        found, last = told(), family.counters()
        return found
    return since
