# SPDX-License-Identifier: GPL-2.0-or-later
"""Request heads and digests as ACSs write them, and answers as text."""

import hashlib
import re
import secrets
import socket

from gate import PASSWORD, PATH, USER

HOST = "192.0.2.1:7547"


def bare(path=PATH, host=HOST):
    """GenieACS's first request, the shortest real one."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n".encode()


def authorized(challenge, path=PATH, host=HOST, user=USER, password=PASSWORD):
    """GenieACS's second request: Authorization first, no spaces after commas."""
    value = authorization(challenge, path, user, password)
    return (f"GET {path} HTTP/1.1\r\nAuthorization: {value}\r\nHost: {host}\r\n"
            "Connection: keep-alive\r\n\r\n").encode()


def authorization(challenge, uri=PATH, user=USER, password=PASSWORD, cnonce=None):
    cnonce = cnonce or secrets.token_hex(8)
    nonce, realm = challenge["nonce"], challenge["realm"]
    ha1 = md5(f"{user}:{realm}:{password}")
    response = md5(f"{ha1}:{nonce}:00000001:{cnonce}:auth:{md5(f'GET:{uri}')}")
    opaque = f',opaque="{challenge["opaque"]}"' if "opaque" in challenge else ""
    return (f'Digest username="{user}",realm="{realm}",nonce="{nonce}",uri="{uri}",'
            f'qop=auth,nc=00000001,cnonce="{cnonce}",response="{response}"{opaque}')


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def challenge_of(answer):
    """The parameters of the WWW-Authenticate field of @answer."""
    field = re.search(rb"(?i)www-authenticate: digest (.*?)(?:\r?\n(?![ \t])|\Z)", answer, re.S)
    assert field, f"no challenge in {answer!r}"
    return dict(re.findall(r'(\w+)="([^"]*)"', field[1].decode()))


def status_of(answer):
    """The status code of @answer, 0 if there is none."""
    found = re.match(rb"HTTP/1\.[01] (\d\d\d)", answer)
    return int(found[1]) if found else 0


def read_answer(sock):
    """One response: as long as it says, or until the connection ends."""
    answer = b""
    while not complete(answer):
        data = sock.recv(65536)
        if not data:
            break
        answer += data
    return answer


def complete(answer):
    head, blank, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
    return bool(blank) and length is not None and len(body) >= int(length[1])


def ask(sock, head):
    sock.sendall(head)
    return read_answer(sock)


def end_of(sock, seconds=5.0):
    """How the other side ended the connection: "reset", "eof" or "open"."""
    sock.settimeout(seconds)
    try:
        while sock.recv(65536):
            pass
        return "eof"
    except ConnectionError:
        return "reset"
    except socket.timeout:
        return "open"


def get_challenge(host, address, port=7547, source=None):
    with host.connect(address, port, source) as s:
        return challenge_of(ask(s, bare()))
