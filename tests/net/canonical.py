# SPDX-License-Identifier: GPL-2.0-or-later
"""What a canonical head has to be, and what its digest has to be.

Written after RFC 7616 and the smallest agents, without a look at the gate:
hashlib does the hashing, regular expressions the reading.
"""

import hashlib
import re

FIELD = re.compile(rb"([A-Za-z-]+):( *)([!-~](?:[ -~]*[!-~])?)\Z")
FILLERS = {b"User-Agent", b"Accept", b"Accept-Language", b"Accept-Encoding", b"Accept-Charset"}
PARAMETER = re.compile(
    rb'(username|realm|nonce|uri|cnonce|response|opaque)="((?:[^"\\]|\\["\\])*)"'
    rb'|(algorithm|qop|nc)=([\w-]+)')
HASHES = {b"MD5": "md5", b"MD5-sess": "md5", b"SHA-256": "sha256", b"SHA-256-sess": "sha256"}


def h(name, *parts):
    return hashlib.new(name, b":".join(parts)).hexdigest().encode()


def response(d, password, method=b"GET"):
    """RFC 7616 3.4.1, with RFC 2069 where there is no qop."""
    algorithm = d.get("algorithm", b"MD5")
    name = HASHES[algorithm]
    ha1 = h(name, d["username"], d["realm"], password)
    if algorithm.endswith(b"-sess"):
        ha1 = h(name, ha1, d["nonce"], d["cnonce"])
    middle = [d["nc"], d["cnonce"], d["qop"]] if "qop" in d else []
    return h(name, ha1, d["nonce"], *middle, h(name, method, d["uri"]))


def read(head):
    """The target, the fields in order, and the digest's parameters, if any."""
    assert head.endswith(b"\r\n\r\n") and head.count(b"\r\n\r\n") == 1, head
    request, *fields = head[:-4].split(b"\r\n")
    assert len(fields) <= 16 and all(len(line) <= 1000 for line in fields), head
    found = re.fullmatch(rb"GET (/[!-~]*) HTTP/1\.1", request)
    assert found, head
    values, digest = {}, None
    for n, line in enumerate(fields):
        field = FIELD.match(line)
        assert field and field[1] not in values, head
        values[field[1]] = field[3]
        if field[1] == b"Authorization":
            assert n < 9 and field[2] == b" ", head
            digest = parameters(field[3])
    assert set(values) <= FILLERS | {b"Host", b"Authorization", b"Connection"}, head
    assert list(values)[0] == b"Host", head
    assert values.get(b"Connection", b"close") in (b"close", b"keep-alive"), head
    return found[1], values, digest


def parameters(value):
    """Comma without space, username first, quotes where RFC 7616 has them."""
    scheme, _, rest = value.partition(b" ")
    assert scheme == b"Digest" and rest.startswith(b'username="'), value
    d = {}
    while True:
        found = PARAMETER.match(rest)
        assert found, value
        name = (found[1] or found[3]).decode()
        assert name not in d, value
        d[name] = re.sub(rb"\\(.)", rb"\1", found[2]) if found[1] else found[4]
        rest = rest[found.end():]
        if not rest:
            return d
        assert rest[:1] == b",", value
        rest = rest[1:]


def check(head, passwords):
    """@head is canonical, and if it has a digest that is proven."""
    target, values, d = read(head)
    if d is not None:
        assert d["response"] == response(d, passwords[d["username"]]), head
    return target, values, d
