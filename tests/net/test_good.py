# SPDX-License-Identifier: GPL-2.0-or-later
"""What an ACS sends gets through, however TCP carries it."""

import concurrent.futures
import re
import socket
import time

import pytest

import lab
from gate import PASSWORD, PATH, USER
from heads import ask, authorized, bare, challenge_of, end_of, get_challenge, read_answer, status_of
from rawclient import RawClient

BOTH_FAMILIES = pytest.mark.parametrize("address", [lab.ROUTER4, lab.ROUTER6])
BOTH_PORTS = pytest.mark.parametrize("port", lab.PORTS)

URLLIB = """
import sys, urllib.request as u
passwords = u.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, sys.argv[1], sys.argv[2], sys.argv[3])
print(u.build_opener(u.HTTPDigestAuthHandler(passwords)).open(sys.argv[1], timeout=5).status)
"""


def url(address, port=7547, path=PATH):
    return f"http://{f'[{address}]' if ':' in address else address}:{port}{path}"


def curl(net, address, port=7547, *more):
    done = net.acs.run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                       "--max-time", 5, "--digest", "-u", f"{USER}:{PASSWORD}",
                       *more, url(address, port), check=False)
    return done.stdout


def is_authorized(head):
    return b"\r\nAuthorization: Digest " in head


def served_bare(client):
    """The head the client sent was delivered and challenged."""
    answer = client.answer()
    assert status_of(answer) == 401, f"answer {answer!r}, reset {client.reset}"
    client.close()


@BOTH_FAMILIES
@BOTH_PORTS
def test_curl(net, agent, gate, address, port):
    assert curl(net, address, port) == "200"
    first, second = agent.heads()
    assert not is_authorized(first) and is_authorized(second)
    gate.expect("NO_CREDENTIALS")
    gate.expect("AUTHENTICATED")


@pytest.mark.parametrize("dialect", [
    pytest.param(d, marks=pytest.mark.dialect(d), id=d) for d in ("icwmp", "ccsp", "orange")])
def test_agents(net, agent, gate, dialect):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, authorized(challenge))) == 200
    gate.expect("AUTHENTICATED")


@BOTH_FAMILIES
def test_urllib(net, agent, gate, address):
    done = net.acs.run("/usr/bin/python3", "-c", URLLIB, url(address), USER, PASSWORD)
    assert done.stdout.strip() == "200"


@pytest.mark.dialect("ccsp")
@BOTH_FAMILIES
def test_keep_alive(net, agent, gate, address):
    """Challenge and answer on one connection, and once more."""
    with net.acs.connect(address, 7547) as s:
        for _ in range(2):
            challenge = challenge_of(ask(s, bare()))
            assert status_of(ask(s, authorized(challenge))) == 200
    assert [is_authorized(h) for h in agent.heads()] == [False, True, False, True]
    assert len(agent.wait_for_end()) == 1


@pytest.mark.dialect("ccsp")
def test_keep_alive_curl(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    assert len(agent.connections()) == 1


@BOTH_FAMILIES
def test_single_bytes_over_three_seconds(net, agent, gate, address):
    """The client is acknowledged all along; the agent is not even told."""
    head = authorized(get_challenge(net.acs, address))
    pause = 3.0 / len(head)
    with net.acs.connect(address, 7547) as s:
        for i in range(len(head)):
            if i + 1 == len(head):
                last = time.monotonic()
                assert len(agent.connections()) == 1	# that of the challenge
            s.send(head[i:i + 1])
            time.sleep(pause)
        assert status_of(read_answer(s)) == 200
    assert agent.connections()[-1].accepted >= last


def test_split_in_two_at_every_byte(net, agent, gate):
    head = bare()
    for cut in range(1, len(head)):
        with RawClient(net) as c:
            c.open()
            c.send(head[:cut])
            assert c.wait_ack(cut), f"the first {cut} bytes are not acknowledged"
            c.send(head[cut:])
            served_bare(c)
    assert len(agent.heads()) == len(head) - 1


@BOTH_FAMILIES
def test_authorized_split_where_parsers_look(net, agent, gate, address):
    length = len(authorized(get_challenge(net.acs, address)))
    for cut in (1, 3, 4, 8, 25, 26, 27, 40, 55, length // 2, length - 3, length - 1):
        head = authorized(get_challenge(net.acs, address))
        with RawClient(net, address) as c:
            c.open()
            c.send(head[:cut])
            assert c.wait_ack(cut)
            c.send(head[cut:])
            assert status_of(c.answer()) == 200, cut
            c.close()


@BOTH_FAMILIES
def test_one_byte_segments(net, agent, gate, address):
    head = bare()
    with RawClient(net, address) as c:
        c.open()
        for i in range(len(head)):
            c.send(head[i:i + 1])
        served_bare(c)


@pytest.mark.parametrize("cookies", [0, 1, 2])
@pytest.mark.parametrize("timestamps", [True, False])
@BOTH_FAMILIES
def test_data_on_the_third_ack(net, agent, gate, address, timestamps, cookies):
    net.router.sysctl("net.ipv4.tcp_syncookies", cookies)
    with RawClient(net, address, timestamps=timestamps) as c:
        c.syn()
        assert c.synack()
        c.send(bare())
        served_bare(c)


@BOTH_FAMILIES
def test_syn_cookies_always(net, agent, gate, address):
    net.router.sysctl("net.ipv4.tcp_syncookies", 2)
    assert curl(net, address) == "200"


@pytest.mark.parametrize("key", ["tcp_timestamps", "tcp_window_scaling", "tcp_sack"])
@pytest.mark.parametrize("side", ["acs", "router"])
@BOTH_FAMILIES
def test_tcp_option_off(net, agent, gate, address, side, key):
    getattr(net, side).sysctl(f"net.ipv4.{key}", 0)
    assert curl(net, address) == "200"


def test_explicit_congestion_notification(net, agent, gate):
    net.acs.sysctl("net.ipv4.tcp_ecn", 1)
    net.router.sysctl("net.ipv4.tcp_ecn", 1)
    assert curl(net, lab.ROUTER4) == "200"


@BOTH_FAMILIES
def test_no_options_and_small_segments(net, agent, gate, address):
    head = bare()
    with RawClient(net, address, mss=536, wscale=None, timestamps=False) as c:
        c.open()
        c.send(head[:30])
        assert c.wait_ack(30)
        c.send(head[30:])
        served_bare(c)


def test_small_path_mtu(net, agent, gate):
    for interface, host in (("eth0", net.acs), ("wan0", net.router)):
        host.configure(f"link set {interface} mtu 1280\n")
    assert curl(net, lab.ROUTER4) == curl(net, lab.ROUTER6) == "200"


@BOTH_FAMILIES
def test_fin_with_the_head(net, agent, gate, address):
    with RawClient(net, address) as c:
        c.open()
        c.send(bare(), flags="FPA")
        served_bare(c)


def test_half_close_after_the_head(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(bare())
        s.shutdown(socket.SHUT_WR)
        assert status_of(read_answer(s)) == 401


@pytest.mark.dialect("ccsp")
def test_client_closes_and_the_agent_is_told(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        ask(s, bare())
    assert [c.end for c in agent.wait_for_end()] == ["eof"]


@BOTH_FAMILIES
def test_retransmissions(net, agent, gate, address):
    head = bare()
    with RawClient(net, address) as c:
        c.open()
        c.send(head[:20])
        c.send(head[:20], at=0)
        assert c.wait_ack(20)
        c.send(head[10:20], at=10)
        c.send(head[20:])
        c.send(head[20:], at=20)
        c.send(head, at=0)
        served_bare(c)
    assert len(agent.heads()) == 1


def test_retransmission_that_brings_more(net, agent, gate):
    head = bare()
    with RawClient(net) as c:
        c.open()
        c.send(head[:20])
        assert c.wait_ack(20)
        c.next = len(head)
        c.send(head, at=0)
        served_bare(c)


def test_out_of_order(net, agent, gate):
    """What is ahead of sequence may be dropped; the repeat of it completes."""
    head = bare()
    with RawClient(net) as c:
        c.open()
        c.send(head[30:], at=30)
        c.send(head[:30])
        assert c.wait_ack(30)
        c.send(head[30:])
        served_bare(c)


def test_keepalive_probe_inside_the_head(net, agent, gate):
    head = bare()
    with RawClient(net) as c:
        c.open()
        c.send(head[:20])
        assert c.wait_ack(20)
        c.send(flags="A", at=19)
        c.send(head[20:])
        served_bare(c)


def test_repeated_syn(net, agent, gate):
    with RawClient(net) as c:
        c.syn()
        assert c.synack()
        c.syn()
        c.send(bare())
        served_bare(c)


@pytest.mark.parametrize("isn", [0xffffffff, 0xfffffff0, 0x7ffffff0])
def test_sequence_numbers_wrap(net, agent, gate, isn):
    head = bare()
    with RawClient(net, isn=isn) as c:
        c.open()
        c.send(head[:20])
        assert c.wait_ack(20)
        c.send(head[20:])
        served_bare(c)


@pytest.mark.dialect("hangup")
def test_identical_repeat_after_a_socket_error(net, agent, gate):
    """GenieACS sends the same bytes once more when it got no answer."""
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    for _ in range(2):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(head)
            assert end_of(s) in ("eof", "reset")
    gate.expect("AUTHENTICATED", n=2)
    assert [is_authorized(h) for h in agent.heads()] == [False, True, True]


def test_both_sources_at_once(net, agent, gate):
    """Each ACS address has its own nonces."""
    for source in (lab.ACS4, lab.ACS4_B):
        head = authorized(get_challenge(net.acs, lab.ROUTER4, source=source))
        with net.acs.connect(lab.ROUTER4, 7547, source) as s:
            assert status_of(ask(s, head)) == 200


def test_sixteen_at_once(net, agent, gate):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: curl(net, lab.ROUTER4), range(32)))
    assert found == ["200"] * 32
    assert len(agent.heads()) == 64


def test_through_the_other_address(net, agent, gate):
    """The gate stands before every local address, not before one interface's."""
    assert curl(net, lab.ROUTER4_FAR) == curl(net, lab.ROUTER6_FAR) == "200"


@pytest.mark.config(path="any")
def test_any_path(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, bare("/64:68:0c:ff:9f:de"))) == 401
    assert b"GET /64:68:0c:ff:9f:de HTTP/1.1\r\n" in agent.heads()[0]


def test_what_the_agent_reads(net, agent, gate):
    """Nothing of the client's own survives but what was checked."""
    extra = "User-Agent: curl/7.88.1", "Accept: */*", "Accept-Encoding: gzip"
    head = (f"GET {PATH} HTTP/1.1\r\nHost: 192.0.2.1:7547\r\n" + "\r\n".join(extra) +
            "\r\n\r\n").encode()
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, head)) == 401
    read, = agent.heads()
    assert len(read) == len(head)
    assert re.match(rb"GET /cr HTTP/1\.1\r\nHost: *192\.0\.2\.1:7547 *\r\n", read)
    assert b"curl" not in read and b"Accept" not in read
