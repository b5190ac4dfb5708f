# SPDX-License-Identifier: GPL-2.0-or-later
"""What an attacker on an allowed address sends: HTTP and digest.

In every test the agent has read nothing but what the gate wrote (conftest),
which is nothing at all or a bare request without credentials.
"""

import socket
import ssl
import struct

import pytest

import lab
from gate import PATH
from heads import ask, authorized, bare, challenge_of, end_of, get_challenge, read_answer, status_of
from rawclient import RawClient

GET = f"GET {PATH} HTTP/1.1\r\nHost: 192.0.2.1:7547\r\n".encode()
DIGEST = 'Digest username="acs", realm="r", nonce="0123456789", uri="/cr", response="' + "0" * 32 + '"'

# The TR-064 POST of November 2016, its shape without its command.
BODY = (b'<?xml version="1.0"?><SOAP-ENV:Envelope '
        b'xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
        b'<u:SetNTPServers xmlns:u="urn:dslforum-org:service:Time:1">'
        b"<NewNTPServer1>ntp.example</NewNTPServer1></u:SetNTPServers>"
        b"</SOAP-ENV:Body></SOAP-ENV:Envelope>")
NOVEMBER_2016 = (
    b"POST /UD/act?1 HTTP/1.1\r\nHost: 127.0.0.1:7547\r\n"
    b"User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)\r\n"
    b"SOAPAction: urn:dslforum-org:service:Time:1#SetNTPServers\r\n"
    b"Content-Type: text/xml\r\nContent-Length: " + str(len(BODY)).encode() +
    b"\r\n\r\n" + BODY)


def client_hello():
    """What a TLS client says first."""
    out = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="cpe.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


def field(line):
    return GET + line + b"\r\n\r\n"


# name: (bytes, reasons of which one is given)
REFUSED = {
    "post of november 2016": (NOVEMBER_2016, "NOT_GET"),
    "post without body": (b"POST /cr HTTP/1.1\r\nHost: a\r\n\r\n", "NOT_GET"),
    "head": (b"HEAD /cr HTTP/1.1\r\nHost: a\r\n\r\n", "NOT_GET"),
    "lower case get": (b"get /cr HTTP/1.1\r\nHost: a\r\n\r\n", "NOT_GET"),
    "binary junk": (bytes(range(128, 256)) * 2, "BAD_BYTE", "NOT_GET"),
    "zeros": (bytes(100), "BAD_BYTE", "NOT_GET"),
    "tls": (client_hello(), "BAD_BYTE", "NOT_GET"),
    "ssh": (b"SSH-2.0-OpenSSH_9.2\r\n", "NOT_GET"),
    "telnet": (b"\xff\xfb\x1f\xff\xfb\x20", "BAD_BYTE", "NOT_GET"),
    "http/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "NOT_GET"),
    "http/1.0": (b"GET /cr HTTP/1.0\r\nHost: a\r\n\r\n", "BAD_VERSION"),
    "http/0.9": (b"GET /cr\r\n\r\n", "BAD_VERSION", "BAD_TARGET"),
    "empty line first": (b"\r\n" + bare(), "NOT_GET", "BAD_LINE_END"),
    "two spaces": (b"GET  /cr HTTP/1.1\r\nHost: a\r\n\r\n", "BAD_TARGET"),
    "tab for space": (b"GET\t/cr HTTP/1.1\r\nHost: a\r\n\r\n", "NOT_GET", "BAD_BYTE"),
    "absolute target": (b"GET http://a/cr HTTP/1.1\r\nHost: a\r\n\r\n", "BAD_TARGET", "WRONG_PATH"),
    "other path": (b"GET /globe HTTP/1.1\r\nHost: a\r\n\r\n", "WRONG_PATH"),
    "path with a slash more": (b"GET /cr/ HTTP/1.1\r\nHost: a\r\n\r\n", "WRONG_PATH"),
    "escaped path": (b"GET /%63r HTTP/1.1\r\nHost: a\r\n\r\n", "WRONG_PATH", "BAD_TARGET"),
    "dot segments": (b"GET /x/../cr HTTP/1.1\r\nHost: a\r\n\r\n", "WRONG_PATH", "BAD_TARGET"),
    "query": (b"GET /cr?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", "WRONG_PATH", "BAD_TARGET"),
    "bare lf": (bare().replace(b"\r\n", b"\n"), "BAD_LINE_END"),
    "one bare lf": (GET[:-2] + b"\nConnection: close\r\n\r\n", "BAD_LINE_END"),
    "bare cr": (field(b"Connection: close\rX: y"), "BAD_LINE_END", "BAD_BYTE"),
    "nul": (field(b"User-Agent: a\0b"), "BAD_BYTE"),
    "8 bit": (field(b"User-Agent: \xe4"), "BAD_BYTE"),
    "folded": (field(b"User-Agent: a\r\n b"), "FOLDED"),
    "space before colon": (field(b"Connection : close"), "BAD_FIELD_NAME"),
    "no colon": (field(b"Connection"), "BAD_FIELD_NAME"),
    "empty name": (field(b": close"), "BAD_FIELD_NAME"),
    "no host": (f"GET {PATH} HTTP/1.1\r\nConnection: close\r\n\r\n".encode(), "BAD_HOST"),
    "empty host": (b"GET /cr HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "BAD_HOST"),
    "two hosts": (field(b"Host: b"), "FIELD_REPEATED"),
    "two authorizations": (
        field(f"Authorization: {DIGEST}\r\nAuthorization: {DIGEST}".encode()), "FIELD_REPEATED"),
    "announced body": (field(b"Content-Length: 5"), "BODY"),
    "chunked": (field(b"Transfer-Encoding: chunked"), "BODY", "FIELD_REFUSED"),
    "expect": (field(b"Expect: 100-continue"), "FIELD_REFUSED", "BODY"),
    "misfortune cookie": (field(b"Cookie: C107373883=/omg1337hax"), "BAD_COOKIE", "FIELD_REFUSED"),
    "body without a word": (bare() + b"x", "TRAILING"),
    "pipelined": (bare() + bare(), "TRAILING"),
    "pipelined without credentials first": (
        bare() + field(f"Authorization: {DIGEST}".encode()), "TRAILING"),
    "line too long": (field(b"User-Agent: " + b"a" * 1200), "LINE_TOO_LONG"),
    "head too long": (GET + b"".join(b"X-%02d: " % i + b"a" * 900 + b"\r\n" for i in range(8)),
                      "HEAD_TOO_LONG", "FIELD_REFUSED"),
    "too many lines": (GET + b"Accept: a\r\n" * 40 + b"\r\n", "TOO_MANY_LINES", "FIELD_REPEATED"),
    "endless line": (b"GET /" + b"a" * 6000, "LINE_TOO_LONG", "HEAD_TOO_LONG", "BAD_TARGET"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(net, agent, gate, name):
    data, *reasons = REFUSED[name]
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(data)
        assert end_of(s) == "reset"
    gate.expect(*reasons)
    assert agent.connections() == []


@pytest.mark.parametrize("name", ["post of november 2016", "tls", "bare lf", "pipelined"])
def test_refused_over_ipv6_in_pieces(net, agent, gate, name):
    data, *reasons = REFUSED[name]
    with RawClient(net, lab.ROUTER6, 30005) as c:
        c.open()
        for i in range(0, len(data), 7):
            c.send(data[i:i + 7])
        assert c.wait_reset()
    gate.expect(*reasons)
    assert agent.connections() == []


@pytest.mark.dialect("ccsp")
@pytest.mark.parametrize("name", ["post of november 2016", "tls", "bare lf", "pipelined"])
def test_refused_as_second_request(net, agent, gate, name):
    """A refusal closes the socket that the agent has, at once."""
    data, *reasons = REFUSED[name]
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        ask(s, bare())
        s.sendall(data)
        assert end_of(s) == "reset"
    gate.expect(*reasons)
    connection, = agent.wait_for_end()
    assert connection.end == "reset"
    assert len(agent.heads()) == 1


# Each hides what the lenient agent takes for credentials.
SMUGGLED = {
    "target": f"GET {PATH}?Authorization:%20Digest HTTP/1.1\r\nHost: a\r\n\r\n",
    "target with spaces": f"GET {PATH} Authorization: {DIGEST} HTTP/1.1\r\nHost: a\r\n\r\n",
    "host": f"GET {PATH} HTTP/1.1\r\nHost: Authorization: {DIGEST}\r\n\r\n",
    "user agent": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nUser-Agent: Authorization: {DIGEST}\r\n\r\n",
    "accept": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAccept: Authorization: {DIGEST}\r\n\r\n",
    "connection": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nConnection: Authorization: {DIGEST}\r\n\r\n",
    "unknown field": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nX-Authorization: {DIGEST}\r\n\r\n",
    "proxy": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: {DIGEST}\r\n\r\n",
    "after lf": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nUser-Agent: a\nAuthorization: {DIGEST}\r\n\r\n",
    "after cr": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nUser-Agent: a\rAuthorization: {DIGEST}\r\n\r\n",
    "folded": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization:\r\n {DIGEST}\r\n\r\n",
    "body": f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\nAuthorization: {DIGEST}\r\n\r\n",
    "basic": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWNzOmFjcw==\r\n\r\n",
    "empty response":
        f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: {DIGEST.replace('0' * 32, '')}\r\n\r\n",
    "two schemes": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic a, {DIGEST}\r\n\r\n",
    "backslash at the end":
        f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: {DIGEST[:-1]}\\\r\n\r\n",
    "response twice":
        f'GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: {DIGEST}, response="{"1" * 32}"\r\n\r\n',
    "invented nonce": f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: {DIGEST}\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_smuggled_credentials(net, agent, gate, name):
    """Refused, or delivered bare and challenged: never taken for credentials."""
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(SMUGGLED[name].encode())
        try:
            assert status_of(read_answer(s)) in (0, 401)
        except ConnectionResetError:
            pass
    assert gate.count("AUTHENTICATED") == 0
    assert all(b"digest" not in h.lower() for h in agent.heads())


def test_silent_connections(net, agent, gate):
    """They are closed, and the agent never knew of them."""
    silent = [net.acs.connect(lab.ROUTER4, 7547) for _ in range(20)]
    assert [end_of(s) for s in silent] == ["reset"] * 20
    gate.expect("FIRST_BYTE_LATE", n=20)
    assert agent.connections() == []
    for s in silent:
        s.close()


def test_the_acs_is_served_beside_silent_connections(net, agent, gate):
    silent = [net.acs.connect(lab.ROUTER4, 7547, lab.ACS4_B) for _ in range(50)]
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, authorized(challenge))) == 200
    for s in silent:
        s.close()


def test_half_a_head_is_not_waited_for(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(GET)
        assert end_of(s, 8) == "reset"
    gate.expect("HEAD_LATE")
    assert agent.connections() == []


def test_fin_inside_the_head(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(GET)
        s.shutdown(socket.SHUT_WR)
        assert end_of(s) in ("reset", "eof")
    gate.expect("CLOSED_EARLY")
    assert agent.connections() == []


def test_fin_without_a_byte(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.shutdown(socket.SHUT_WR)
        assert end_of(s) in ("reset", "eof")
    gate.expect("CLOSED_EARLY")
    assert agent.connections() == []


def test_reset_inside_the_head(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(GET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gate.expect("RESET")
    assert agent.connections() == []


def bare_only(agent, n):
    heads = agent.heads()
    return len(heads) == n and not any(b"Authorization" in h for h in heads)


def test_wrong_password(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, authorized(challenge, password="wrong"))) == 401
    gate.expect("DIGEST_WRONG")
    assert bare_only(agent, 2)


def test_wrong_user(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, authorized(challenge, user="root"))) == 401
    gate.expect("DIGEST_WRONG")
    assert bare_only(agent, 2)


@pytest.mark.config(on_bad_digest="reset")
def test_wrong_password_reset(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(authorized(challenge, password="wrong"))
        assert end_of(s) == "reset"
    gate.expect("DIGEST_WRONG")
    assert bare_only(agent, 1)


def test_second_try_heals(net, agent, gate):
    """A wrong password, and then the right one to the challenge that follows."""
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        challenge = challenge_of(ask(s, authorized(challenge, password="wrong")))
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, authorized(challenge))) == 200


def test_replay(net, agent, gate):
    """What was answered 200 once is not authenticated a second time."""
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    for status in (200, 401, 401):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            assert status_of(ask(s, head)) == status
    gate.expect("REPLAYED", n=2)
    assert [b"Authorization" in h for h in agent.heads()] == [False, True, False, False]


@pytest.mark.dialect("hangup")
def test_third_copy_is_a_replay(net, agent, gate):
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    for _ in range(3):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(head)
            end_of(s)
    gate.expect("REPLAYED")
    assert [b"Authorization" in h for h in agent.heads()] == [False, True, True, False]


def test_nonce_of_another_source(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4, source=lab.ACS4)
    with net.acs.connect(lab.ROUTER4, 7547, lab.ACS4_B) as s:
        assert status_of(ask(s, authorized(challenge))) == 401
    gate.expect("NONCE_UNKNOWN")
    assert bare_only(agent, 2)


def test_digest_for_another_uri(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    head = authorized(challenge, "/xx").replace(b"GET /xx", f"GET {PATH}".encode())
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, head)) == 401
    gate.expect("DIGEST_URI")
    assert bare_only(agent, 2)


@pytest.mark.config(malformed="1000/s burst 1000")
def test_flood_of_refusals_beside_the_acs(net, agent, gate):
    """Refusals cost the others nothing: the ACS is served before and after."""
    for _ in range(30):
        with net.acs.connect(lab.ROUTER4, 7547, lab.ACS4_B) as s:
            s.sendall(NOVEMBER_2016)
            assert end_of(s) == "reset"
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, authorized(challenge))) == 200
