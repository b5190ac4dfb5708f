# SPDX-License-Identifier: GPL-2.0-or-later
"""packaging/debian/tests, as Debian's machines would run it: on a system of its own."""

import conftest


def test_guards(machine):
    machine.apt("install", "/root/cwmpgate.deb", "iptables", *conftest.RUNTIME.split())
    done = machine.run("/root/tests/guards", check=False)
    assert done.stdout.rstrip().endswith("guards: good"), done.stdout[-3000:] + done.stderr[-3000:]
