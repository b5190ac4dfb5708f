# SPDX-License-Identifier: GPL-2.0-or-later
"""cwmpgate, the control command, as the tests run it."""

import json
import os
import pathlib

import pytest

import gate as gate_module
import lab

COMMAND = pathlib.Path(os.environ.get("CWMPGATE", lab.REPO / "build/cwmpgate"))
OK, FAILED, USAGE, DOWN, DENIED = range(5)
POST = b"POST /UD/act?1 HTTP/1.1\r\nHost: cpe\r\n\r\n"


def cwmpgate(gate, *words, **options):
    return gate.host.run(COMMAND, "-c", gate.config, *words, check=False,
                         **{"env": gate_module.ENVIRONMENT, **options})


def good(gate, *words):
    done = cwmpgate(gate, *words)
    assert done.returncode == OK, done
    assert "Sanitizer" not in done.stderr
    return done.stdout


def as_json(gate, *words):
    return json.loads(good(gate, "-o", "json", *words))


def refuse_one(net, gate, source=None):
    """A request that is refused: the reason is NOT_GET at byte 0."""
    with net.acs.connect(lab.ROUTER4, 7547, source) as s:
        s.sendall(POST)
        with pytest.raises(ConnectionResetError):
            s.recv(1)
    gate.expect("NOT_GET")
