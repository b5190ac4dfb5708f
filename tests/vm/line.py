# SPDX-License-Identifier: GPL-2.0-or-later
"""The link to the router, for packets by the thousand."""

import errno
import time

import wire


class Line(wire.Wire):
    """Waits while the other side's backlog is full, as it is on a kernel that checks all it does."""

    def put(self, packet, padding=b""):
        while True:
            try:
                return super().put(packet, padding)
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
            time.sleep(0.001)
