# SPDX-License-Identifier: GPL-2.0-or-later
"""Real clients, real agents and agents as strict as real ones, all with all.

docs/interop.md is what is expected: each of its cells is a test here.
"""

import pytest

import clients
import forms
import interop
import lab
from gate import PASSWORD, PATH, USER
from heads import ask, bare, read_answer, status_of

TABLE = interop.table()


@pytest.fixture(scope="module")
def classes():
    with clients.java_classes() as directory:
        yield directory


@pytest.fixture(scope="module")
def row(request, classes):
    with interop.Row(request.param, classes) as row:
        yield row


ALL_AGENTS = pytest.mark.parametrize("row", interop.AGENTS, indirect=True, scope="module")
REAL_AGENTS = pytest.mark.parametrize("row", interop.REAL_AGENTS, indirect=True, scope="module")
ALL_CLIENTS = pytest.mark.parametrize("client", clients.CLIENTS)


def test_table_is_whole():
    assert list(TABLE) == list(interop.AGENTS)
    assert all(list(cells) == list(clients.CLIENTS) for cells in TABLE.values())


@ALL_AGENTS
@ALL_CLIENTS
def test_cell(row, client):
    assert row.cell(client) == TABLE[row.name][client]


@REAL_AGENTS
@ALL_CLIENTS
def test_cell_over_ipv6(row, client):
    assert row.cell(client, lab.ROUTER6) == TABLE[row.name][client]


@REAL_AGENTS
def test_http_1_0_is_refused(row):
    before = row.gate.count("BAD_VERSION")
    url = clients.url_of(lab.ROUTER4, PATH)
    done = row.net.acs.run(*clients.CURL, "--http1.0", "--digest", "-u", f"{USER}:{PASSWORD}",
                           url, check=False)
    assert done.stdout == "000"
    row.gate.expect("BAD_VERSION", n=before + 1)


def answered(row, form, port):
    """The status that @form gets after a challenge of its own."""
    host = forms.HOST.format(port)
    with row.net.acs.connect(lab.ROUTER4, port) as s:
        c = forms.challenge_of(ask(s, bare(host=host)))
    assert c, "no challenge"
    with row.net.acs.connect(lab.ROUTER4, port) as s:
        s.sendall(form(c, host))
        return status_of(read_answer(s))


@ALL_AGENTS
@pytest.mark.parametrize("form", forms.FORMS, ids=lambda f: f.__name__)
def test_form(row, form):
    """Whatever an agent takes from a client it takes from the gate."""
    beside, through = (answered(row, form, p) for p in (interop.FREE, interop.GUARDED))
    assert through // 100 == 2 or through == beside, (beside, through)


@ALL_AGENTS
def test_genieacs_form(row):
    """The tightest form passes everywhere: it is as long as the canonical one."""
    assert answered(row, forms.genieacs, interop.GUARDED) // 100 == 2
