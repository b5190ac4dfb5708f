# SPDX-License-Identifier: GPL-2.0-or-later
"""Budgets: who is over them is refused, the others do not notice."""

import socket

import pytest

import lab
from gate import PASSWORD, USER
from heads import ask, authorized, bare, end_of, get_challenge, read_answer, status_of
from test_good import curl, url


@pytest.mark.config(attempts="3/min burst 3")
def test_attempts(net, agent, gate):
    for _ in range(3):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            assert status_of(ask(s, bare())) == 401
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(bare())
        assert end_of(s) == "reset"
    gate.expect("OVER_ATTEMPTS")
    assert len(agent.heads()) == 3


@pytest.mark.config(attempts="2/min burst 2")
def test_attempts_are_per_source(net, agent, gate):
    for _ in range(3):
        with net.acs.connect(lab.ROUTER4, 7547, lab.ACS4_B) as s:
            s.sendall(bare())
            end_of(s)
    gate.expect("OVER_ATTEMPTS")
    assert curl(net, lab.ROUTER4) == "200"


@pytest.mark.config(attempts="3/min burst 3")
def test_wrong_digests_are_attempts(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    for _ in range(2):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            assert status_of(ask(s, authorized(challenge, password="guess"))) == 401
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(authorized(challenge, password="guess"))
        assert end_of(s) == "reset"
    assert len(agent.heads()) == 3


@pytest.mark.config(attempts="2/min burst 2")
def test_attempts_over_ipv6_are_per_64(net, agent, gate):
    for source in (lab.ACS6, lab.ACS6_B):
        with net.acs.connect(lab.ROUTER6, 7547, source) as s:
            assert status_of(ask(s, bare())) == 401
    with net.acs.connect(lab.ROUTER6, 7547) as s:
        s.sendall(bare())
        assert end_of(s) == "reset"
    gate.expect("OVER_ATTEMPTS")


@pytest.mark.config(requests="2/min burst 2")
@pytest.mark.parametrize("address", [lab.ROUTER4, lab.ROUTER6])
def test_requests(net, agent, gate, address):
    """TR-069 3.2.2.2: 503, and no Retry-After."""
    assert [curl(net, address) for _ in range(3)] == ["200", "200", "503"]
    gate.expect("OVER_REQUESTS")
    done = net.acs.run("curl", "-sS", "-i", "--max-time", 5, "--digest", "-u",
                       f"{USER}:{PASSWORD}", url(address))
    answer = done.stdout.rpartition("HTTP/1.1 503")[2].lower()
    assert answer and "retry-after" not in answer
    assert sum(b"Authorization" in h for h in agent.heads()) == 2


@pytest.mark.config(requests="1/min burst 1")
def test_503_ends_in_order(net, agent, gate):
    """The client reads it all and sees an orderly end; the agent sees nothing."""
    assert curl(net, lab.ROUTER4) == "200"
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    before = len(agent.connections())
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, head)) == 503
        assert end_of(s) == "eof"
    assert len(agent.connections()) == before


@pytest.mark.dialect("ccsp")
@pytest.mark.config(requests="1/min burst 1")
def test_503_on_an_open_connection(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, bare())) == 401
        s.sendall(authorized(challenge))
        answer = read_answer(s)
        assert status_of(answer) == 503 and b"retry-after" not in answer.lower()
    assert agent.wait_for_end()[-1].end == "reset"


@pytest.mark.config(syn="2/min burst 2")
def test_connection_attempts(net, agent, gate):
    for _ in range(2):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            assert status_of(ask(s, bare())) == 401
    with pytest.raises(socket.timeout):
        net.acs.connect(lab.ROUTER4, 7547, seconds=1)
    with net.acs.connect(lab.ROUTER4, 7547, lab.ACS4_B) as s:
        assert status_of(ask(s, bare())) == 401
