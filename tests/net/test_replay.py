# SPDX-License-Identifier: GPL-2.0-or-later
"""What was delivered once, and by whose credentials: end to end."""

import time

import pytest

import clients
import lab
from gate import PASSWORD, PATH, USER
from heads import ask, authorized, end_of, get_challenge, md5, status_of

REPEAT_SECONDS = 5
REALM = "realm@easycwmp"			# the lenient agent's


def send(net, head, source=None):
    """The status that @head gets on a connection of its own; 0: none."""
    with net.acs.connect(lab.ROUTER4, 7547, source) as s:
        s.sendall(head)
        answer = b""
        while data := receive(s):
            answer += data
        return status_of(answer)


def receive(sock):
    try:
        return sock.recv(65536)
    except ConnectionError:
        return b""


def authorized_heads(agent):
    return [h for h in agent.heads() if b"\r\nAuthorization: Digest " in h]


def genieacs(net, *credentials):
    return clients.get(net, None, "GenieACS", clients.url_of(lab.ROUTER4, PATH), *credentials)


@pytest.mark.dialect("hangup")
def test_genieacs_repeats_once(net, agent, gate):
    """No answer to credentials: GenieACS sends them again, and both arrive."""
    assert genieacs(net, USER, PASSWORD) == 0
    first, second = authorized_heads(agent)
    assert first == second
    gate.expect("AUTHENTICATED", n=2)
    assert gate.count("REPLAYED") == 0


@pytest.mark.dialect("hangup")
def test_second_repeat(net, agent, gate):
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    assert [send(net, head) for _ in range(3)] == [0, 0, 401]
    gate.expect("REPLAYED")
    assert len(authorized_heads(agent)) == 2


@pytest.mark.dialect("hangup")
def test_late_repeat(net, agent, gate):
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    assert send(net, head) == 0
    time.sleep(REPEAT_SECONDS + 0.2)
    assert send(net, head) == 401
    gate.expect("REPLAYED")
    assert len(authorized_heads(agent)) == 1


@pytest.mark.parametrize("dialect", [
    pytest.param(d, marks=pytest.mark.dialect(d), id=d) for d in ("easycwmp", "ccsp", "orange")])
def test_no_repeat_after_success(net, agent, gate, dialect):
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, head)) == 200
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert status_of(ask(s, head)) == 401
    gate.expect("REPLAYED")
    assert len(authorized_heads(agent)) == 1


@pytest.mark.dialect("ccsp")
def test_no_repeat_on_the_same_connection(net, agent, gate):
    head = authorized(get_challenge(net.acs, lab.ROUTER4))
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        assert [status_of(ask(s, head)) for _ in range(3)] == [200, 401, 401]
    assert len(authorized_heads(agent)) == 1


@pytest.mark.parametrize("what", ["cnonce", "nc", "opaque", "headers"])
def test_repeat_in_another_dress(net, agent, gate, what):
    """What no hash covers, or a parameter that is not proven, changes nothing."""
    challenge = get_challenge(net.acs, lab.ROUTER4)
    head = authorized(challenge)
    assert send(net, head) == 200
    dressed = {
        "cnonce": head.replace(b'cnonce="', b'cnonce="0'),
        "nc": head.replace(b"nc=00000001", b"nc=00000002"),
        "opaque": head.replace(b',opaque="%s"' % challenge["opaque"].encode(), b""),
        "headers": head.replace(b"\r\n\r\n", b"\r\nUser-Agent: x\r\n\r\n"),
    }[what]
    assert dressed != head
    assert send(net, dressed) == 401
    gate.expect("REPLAYED", "DIGEST_WRONG")
    assert len(authorized_heads(agent)) == 1


def test_another_source(net, agent, gate):
    """Neither what was delivered nor what was not is another source's to send."""
    challenge = get_challenge(net.acs, lab.ROUTER4)
    delivered, fresh = authorized(challenge), authorized(challenge)
    assert send(net, delivered) == 200
    assert send(net, delivered, lab.ACS4_B) == send(net, fresh, lab.ACS4_B) == 401
    gate.expect("NONCE_UNKNOWN", n=2)
    assert send(net, fresh) == 200


@pytest.mark.config(nonce_bind="any")
def test_another_source_where_that_is_allowed(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    delivered, fresh = authorized(challenge), authorized(challenge)
    assert send(net, delivered) == 200
    assert send(net, delivered, lab.ACS4_B) == 401
    gate.expect("REPLAYED")
    assert send(net, fresh, lab.ACS4_B) == 200


@pytest.mark.config(nonce_lifetime=10)
def test_nonce_lifetime(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    issued = time.monotonic()
    time.sleep(9)
    assert send(net, authorized(challenge)) == 200
    time.sleep(issued + 10.2 - time.monotonic())
    assert send(net, authorized(challenge)) == 401
    gate.expect("NONCE_EXPIRED")
    assert genieacs(net, USER, PASSWORD) == 200


@pytest.mark.config(malformed="2/min burst 2", ban=60)
def test_wrong_password_never_bans(net, agent, gate):
    for _ in range(20):
        challenge = get_challenge(net.acs, lab.ROUTER4)
        assert send(net, authorized(challenge, password="guess")) == 401
    gate.expect("DIGEST_WRONG", n=20)
    assert genieacs(net, USER, PASSWORD) == 200
    assert len(authorized_heads(agent)) == 1


@pytest.mark.config(on_bad_digest="reset")
def test_wrong_password_is_reset_where_that_is_wanted(net, agent, gate):
    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(authorized(challenge, password="guess"))
        assert end_of(s) == "reset"
    gate.expect("DIGEST_WRONG")
    assert genieacs(net, USER, PASSWORD) == 200


def restart(gate, credentials):
    gate.stop()
    gate.write_credentials(credentials)
    gate.start()


def test_several_pairs(net, agent, gate):
    """Each pair is good; GenieACS tries the ones it has in turn."""
    pairs = {"acs": "the first", "acs2": "pass:with:colons", "acs3": "a b "}
    restart(gate, "# pairs\n\n" + "".join(f"{u}:{p}\n" for u, p in pairs.items()))
    for user, password in pairs.items():
        assert genieacs(net, user, password) == 200
        challenge = get_challenge(net.acs, lab.ROUTER4)
        assert send(net, authorized(challenge, user=user, password="a guess")) == 401
    assert genieacs(net, "acs", "the old one", "acs", "the older one", "acs3", "a b ") == 200
    gate.expect("AUTHENTICATED", n=4)
    assert len(authorized_heads(agent)) == 4


def test_passwords_do_not_mix(net, agent, gate):
    restart(gate, "one:first\ntwo:second\n")
    challenge = get_challenge(net.acs, lab.ROUTER4)
    assert send(net, authorized(challenge, user="one", password="second")) == 401
    assert send(net, authorized(challenge, user="two", password="first")) == 401
    gate.expect("DIGEST_WRONG", n=2)


def test_htdigest_line(net, agent, gate):
    restart(gate, f"{USER}:{REALM}:{md5(f'{USER}:{REALM}:{PASSWORD}')}\n")
    assert genieacs(net, USER, PASSWORD) == 200
    challenge = get_challenge(net.acs, lab.ROUTER4)
    assert send(net, authorized(challenge, password="guess")) == 401


def test_htdigest_line_for_another_realm(net, agent, gate):
    """The hash is for one realm; where the agent has another nothing matches."""
    restart(gate, f"{USER}:elsewhere:{md5(f'{USER}:elsewhere:{PASSWORD}')}\n")
    challenge = get_challenge(net.acs, lab.ROUTER4)
    assert send(net, authorized(challenge)) == 401
    gate.expect("DIGEST_WRONG")
    assert not authorized_heads(agent)
