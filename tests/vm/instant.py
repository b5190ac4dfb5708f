# SPDX-License-Identifier: GPL-2.0-or-later
"""A pytest plugin: a failure is told when it happens, for the machine may end before the rest."""

import time


def pytest_runtest_logreport(report):
    if report.failed:
        print(f"\n{report.nodeid}: {report.when}, {time.monotonic():.0f} s after boot\n"
              f"{report.longreprtext[-1500:]}", flush=True)
