# SPDX-License-Identifier: GPL-2.0-or-later
"""The fixtures of tests/net, for the daemon together with the module."""

import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "vm"), str(TESTS / "net")]

NET_CONFTEST = TESTS / "net/conftest.py"
exec(compile(NET_CONFTEST.read_text().replace("__file__", repr(str(NET_CONFTEST))),
             NET_CONFTEST, "exec"))

del pytest_terminal_summary	# tests/net's, which run together with these, says it once for all
