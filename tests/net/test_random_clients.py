# SPDX-License-Identifier: GPL-2.0-or-later
"""10^5 valid requests, no two alike, put to the judge itself.

Each has the habits of a client and answers a challenge with the habits of an
agent, both by chance.  Every single one has to pass, and the canonical head
has to be one by the rules of canonical.py and prove the same digest there.
"""

import dataclasses
import os
import pathlib
import random
import struct
import subprocess

import pytest

import canonical
import lab

PIPE = pathlib.Path(os.environ.get("JUDGE_PIPE", lab.REPO / "build/judge_pipe"))
REQUESTS = 100_000
ROUNDS = 8			# each with users of its own
WAITING = 20			# challenges that are open at a time
ASK_REQUEST, TELL_REPLY = 0, 2

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
BASE64 = LETTERS + "+/"
PCHAR = LETTERS + "-._~!$&'()*+,;=:@"
PRINTABLE = "".join(map(chr, range(0x20, 0x7f)))

# What real clients and the proxies between send besides, with real values.
FIELDS = [
    ("User-Agent", "curl/7.88.1"), ("User-Agent", "Java/17.0.15"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"),
    ("Accept", "*/*"), ("Accept", "text/html, image/gif, image/jpeg, */*; q=0.2"),
    ("Accept-Encoding", "gzip, deflate"), ("Accept-Encoding", "identity"),
    ("Accept-Language", "en-US,en;q=0.5"), ("Accept-Charset", "utf-8"),
    ("Content-Length", "0"), ("Cache-Control", "no-cache"), ("Pragma", "no-cache"),
    ("Upgrade", "h2c"), ("HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
    ("Keep-Alive", "300"), ("Via", "1.1 proxy.example.net"), ("X-Forwarded-For", "192.0.2.1"),
    ("sec-fetch-mode", "cors"), ("Cookie", "session=8a7b6c5d"),
    ("Cookie", 'CcspCwmpTcpCR="1804289383/140012"'), ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
]
CONNECTION = ["keep-alive", "Keep-Alive", "close", "Upgrade, HTTP2-Settings",
              "keep-alive, Upgrade"]
HOSTS = ["192.0.2.1:7547", "192.0.2.1", "[2001:db8:1::1]:7547", "cpe-17.example.net:30005"]


@dataclasses.dataclass
class Challenge:
    """What the agent said, as it was meant."""

    realm: str
    nonce: str
    opaque: str | None
    qop: bool
    algorithms: list		# None: not named, MD5


@dataclasses.dataclass
class Sent:
    """A request that was written, and what has to come of it."""

    head: bytes
    target: bytes
    host: bytes
    parameters: dict


class Maker:
    """All that is random, from one seed."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.users = {self.username(i): self.text(PRINTABLE, 1, 40) for i in range(16)}

    def text(self, alphabet, least, most):
        return "".join(self.r.choices(alphabet, k=self.r.randint(least, most)))

    def chance(self, p):
        return self.r.random() < p

    def username(self, i):
        """Plain ones, addresses, OUI-serial, and ones that need escapes."""
        name = self.text(PRINTABLE if i % 2 else LETTERS + "-@._", 1, 30)
        return name.replace(":", "") + f"{i}"

    # -- the agent -------------------------------------------------------

    def challenge(self):
        algorithms = self.r.choice(
            [[None]] * 4 + [["MD5"]] * 4 +
            [["MD5-sess"], ["SHA-256"], ["SHA-256-sess"], ["SHA-256", "MD5"], ["SHA-256", None]])
        return Challenge(
            realm=self.r.choice(["cpe", "realm@easycwmp", "Cisco_CCSP_CWMP_TCPCR", "a, b",
                                 'the "agent"', "back\\slash", self.text(LETTERS + " .", 1, 40)]),
            nonce=self.r.choice([self.text("0123456789abcdef", 8, 48), self.text(LETTERS, 34, 34),
                                 self.text(BASE64, 8, 100) + "="]),
            opaque=self.r.choice([None, "", self.text(LETTERS, 1, 40),
                                  self.text(BASE64, 8, 100) + "=="]),
            qop=self.chance(0.8), algorithms=algorithms)

    def answer_401(self, c):
        """@c as one agent or another writes it."""
        end = self.r.choice(["\r\n", "\r\n", "\n"])
        values = [self.challenge_value(c, a, end) for a in c.algorithms]
        if self.chance(0.1):
            values.insert(self.r.randint(0, len(values)), 'Basic realm="cpe"')
        if self.chance(0.3):
            values = [", ".join(values)]
        fields = [self.case("WWW-Authenticate") + self.r.choice([": ", ":"]) + v for v in values]
        fields += self.r.sample(["Content-Length: 0", "Connection: close", "Server: agent/1.0",
                                 'Set-Cookie: a="b/c"; Version="1"', "Content-Type: text/html"],
                                self.r.randint(0, 3))
        self.r.shuffle(fields)
        blank = self.r.choice([end, end, end, ""])
        return (f"HTTP/1.1 401 Unauthorized{end}{end.join(fields)}{end}{blank}").encode()

    def challenge_value(self, c, algorithm, end):
        p = [f"realm={quoted(c.realm)}", f"nonce={quoted(c.nonce)}"]
        if c.opaque is not None:
            p.append(f"opaque={quoted(c.opaque)}")
        if c.qop:
            p.append(self.r.choice(['qop="auth"', 'qop="auth"', "qop=auth", 'qop="auth,auth-int"',
                                    'qop="auth-int, auth"']))
        if algorithm:
            p.append(self.r.choice(["algorithm={}", 'algorithm="{}"']).format(algorithm))
        p += self.r.sample(['domain="/"', "stale=false", 'stale="true"', "charset=UTF-8"],
                           self.r.randint(0, 2))
        self.r.shuffle(p)
        fold = f",{end}   "
        return "Digest " + self.r.choice([",", ", ", ", ", " ", fold]).join(p)

    # -- the client ------------------------------------------------------

    def request(self, c):
        """A valid answer to @c."""
        target = self.target()
        host = self.r.choice(HOSTS)
        d = self.digest(c, self.uri(target, host))
        fields = [f"{self.case('Authorization')}: {self.credentials(d)}",
                  f"{self.case('Host')}: {host}"]
        if self.chance(0.6):
            fields.append(f"{self.case('Connection')}: {self.r.choice(CONNECTION)}")
        names = {"authorization", "host", "connection"}
        for name, value in self.r.sample(FIELDS, self.r.choice([0, 1, 2, 3, 5, 8])):
            if name.lower() not in names:
                names.add(name.lower())
                fields.append(f"{self.case(name)}: {value}")
        if self.chance(0.05):
            fields.append(f"From: {self.text(LETTERS, 1, 980)}")
            fields.append(f"X-Real-IP: {self.text(LETTERS, 1, 980)}")
        self.r.shuffle(fields)
        head = f"GET {target} HTTP/1.1\r\n" + "\r\n".join(fields) + "\r\n\r\n"
        return Sent(head.encode(), target.encode(), host.encode(), d)

    def target(self):
        path = self.r.choice(["/", "/cr", "/64:68:0c:ff:9f:de",
                              "/cwmp/" + self.text(LETTERS, 16, 16),
                              "/" + self.text(PCHAR, 1, 60).replace(".", "-")])
        return path + ("?" + self.text(PCHAR + "/", 0, 30) if self.chance(0.2) else "")

    def uri(self, target, host):
        path = target.partition("?")[0]
        return self.r.choice([target] * 5 + [path, "/", f"http://{host}{target}",
                                             f"http://{host}{path}"])

    def cnonce(self):
        return self.r.choice([self.text("0123456789abcdef", 8, 32), self.text(LETTERS, 40, 40),
                              self.text(BASE64, 43, 43) + "=", self.text(BASE64, 14, 14) + "=="])

    def digest(self, c, uri):
        """The parameters, and the response to them by canonical.py."""
        user = self.r.choice(list(self.users))
        algorithm = self.r.choice(c.algorithms)
        d = {"username": user, "realm": c.realm, "nonce": c.nonce, "uri": uri}
        if algorithm or self.chance(0.2):
            d["algorithm"] = algorithm or "MD5"
        if c.qop or self.chance(0.1):		# some clients use qop unasked
            d |= {"qop": "auth", "nc": f"{self.r.choice([1, 1, 1, 2, 0xff]):08x}",
                  "cnonce": self.cnonce()}
        elif self.chance(0.3) or (algorithm or "").endswith("-sess"):
            d["cnonce"] = self.cnonce()
        if c.opaque is not None and self.chance(0.9):
            d["opaque"] = c.opaque
        elif self.chance(0.1):
            d["opaque"] = ""
        d = {name: value.encode() for name, value in d.items()}
        d["response"] = canonical.response(d, self.users[user].encode())
        return d

    def credentials(self, d):
        order = list(d)
        if self.chance(0.5):
            self.r.shuffle(order)
        case = self.case if self.chance(0.05) else str
        return "Digest " + self.r.choice([",", ", "]).join(
            f"{case(name)}={self.value(name, d[name].decode())}" for name in order)

    def value(self, name, value):
        if name == "nc" or (name in ("qop", "algorithm") and self.chance(0.7)):
            return value
        return quoted(value)

    def case(self, name):
        return self.r.choice([name, name, name.lower(), name.upper(), name.title()])


def quoted(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def question(ask, now_ms, client, data):
    return struct.pack(">BQ16sIH", ask, now_ms, client, 0, len(data)) + data


def conversation(maker, requests):
    """What goes into the pipe, and what was asked there in order."""
    stream, asked = [struct.pack(">B", len(maker.users))], []
    for user, password in maker.users.items():
        stream += [struct.pack(">H", len(t)) + t for t in (user.encode(), password.encode())]
    now_ms = 1_000_000
    for _ in range(requests // WAITING):
        now_ms += 200
        waiting = [(maker.challenge(), client_address(maker.r)) for _ in range(WAITING)]
        for c, client in waiting:
            stream.append(question(TELL_REPLY, now_ms, client, maker.answer_401(c)))
        maker.r.shuffle(waiting)
        for c, client in waiting:
            asked.append(maker.request(c))
            stream.append(question(ASK_REQUEST, now_ms + 100, client, asked[-1].head))
    return b"".join(stream), asked


def client_address(r):
    return bytes(10) + b"\xff\xff\xc0\x00\x02" + bytes([r.randint(1, 4)])


def answers(output):
    """Reason, whether to deliver, and the head, for each request."""
    at = 0
    while at < len(output):
        n = output[at]
        why = output[at + 1:at + 1 + n].decode()
        deliver, _, size = struct.unpack_from(">BIH", output, at + 1 + n)
        at += n + 8
        yield why, deliver, output[at:at + size]
        at += size


def check(sent, why, deliver, head, passwords):
    assert why == "AUTHENTICATED" and deliver, (why, sent)
    assert len(head) == len(sent.head), (head, sent)
    target, fields, d = canonical.check(head, passwords)
    assert target == sent.target and fields[b"Host"] == sent.host, (head, sent)
    # RFC 7616 3.3: where no algorithm is named it is MD5.
    assert {"algorithm": b"MD5", **d} == {"algorithm": b"MD5", **sent.parameters}, (head, sent)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_clients(seed):
    maker = Maker(seed)
    passwords = {u.encode(): p.encode() for u, p in maker.users.items()}
    stream, asked = conversation(maker, REQUESTS // ROUNDS)
    done = subprocess.run([PIPE], input=stream, stdout=subprocess.PIPE, check=True)
    found = list(answers(done.stdout))
    assert len(found) == len(asked) == REQUESTS // ROUNDS
    for sent, (why, deliver, head) in zip(asked, found):
        check(sent, why, deliver, head, passwords)
