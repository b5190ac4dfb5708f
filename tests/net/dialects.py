#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Agents as strict as the real ones: what each checks, and how it answers.

The lenient agent believes everything; these believe nothing that the program
they are named after would not.  Each reads the request with the real one's
searches and buffers, written anew after its source, so that a canonical head
it cannot digest shows here.  The log is the lenient agent's.

Sources: easycwmp src/http.c, digestauth.c; icwmp http.c, digauth.c; RDK-B
ccsp_cwmp_tcpcrho_{msg,auth}.c; Orange DM_COM_HttpServerInterface.c,
dm_com_digest.c; SoftAtHome's server on top of the same digest; netcwmp
httpd.c, http.c; ucwmp connreq.c, ubus.c.  The last three are no product: what
GenieACS's issue #181 shows, and what RFC 7616 and TR-069 allow.
"""

import argparse
import errno
import hashlib
import re
import secrets
import string
import time

import lenient_agent

OPAQUE = "328458fab28345ae87ab3210a8513b14eff452a2"
BUFSIZ = 1024			# musl's, the smallest
TOKEN = re.compile(rb'\s*(?P<name>[\w-]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"'
                   rb'|(?P<token>[^\s",]+))\s*(?:,|$)')


def h(algorithm, *parts):
    return hashlib.new(algorithm, b":".join(parts)).hexdigest().encode()


def md5(*parts):
    return h("md5", *parts)


def lines_of(head, limit=BUFSIZ):
    """What fgets() returns, one by one: a long line comes in pieces."""
    for line in re.findall(rb"[^\n]*\n", head):
        yield from (line[i:i + limit - 1] for i in range(0, len(line), limit - 1))


def cut(value, at):
    """@value up to the first byte @at, all of it if there is none."""
    return value.split(at, 1)[0]


class Agent:
    """What all have: credentials, a path, three kinds of answer."""

    keep = False
    success = 200, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    hang_up = 0, b""

    def __init__(self, user, password, path):
        self.user, self.password, self.path = user, password, path

    def answer(self, head, peer):
        """The status and the bytes that @head gets."""
        return self.success if self.allows(head, peer) else (401, self.challenge(peer))

    def keeps(self, status):
        """Whether the connection stays open after that."""
        return self.keep

    def is_response(self, d, ha1=None, algorithm="md5"):
        """RFC 2617 3.2.2.1, with qop where @d has it."""
        ha1 = ha1 or h(algorithm, self.user, d["realm"], self.password)
        ha2 = h(algorithm, b"GET", d["uri"])
        middle = [d["nc"], d["cnonce"], d["qop"]] if d.get("qop") else []
        return h(algorithm, ha1, d["nonce"], *middle, ha2) == d["response"]


class Easycwmp(Agent):
    realm = b"realm@easycwmp"
    key = secrets.token_bytes(28)
    marker = b"Authorization: Digest "

    def nonce(self, now):
        stamp = b"%08x" % now
        text = bytes.fromhex(stamp.decode()) + b":GET:" + self.key + b":/:" + self.realm
        return hashlib.md5(text).hexdigest().encode() + stamp

    def challenge_field(self):
        return (b'WWW-Authenticate: Digest realm="%s",qop="auth",nonce="%s",opaque="%s"' %
                (self.realm, self.nonce(int(time.monotonic())), OPAQUE.encode()))

    def challenge(self, peer):
        return (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n" +
                self.challenge_field() + b"\r\n\r\n")

    def find(self, line):
        at = line.find(self.marker)
        return None if at < 0 else line[at + len(self.marker):]

    def allows(self, head, peer):
        allowed = False
        for line in lines_of(head):
            value = self.find(line)
            if value is not None:
                allowed = self.check(value)
            if line[:1] in (b"\r", b"\n"):
                return allowed
        return False

    @staticmethod
    def lookup(value, key, size):
        """lookup_sub_value(): up to the next quote, or comma, or the line's end."""
        while b"=" in value:
            name, _, rest = value.partition(b"=")
            rest = rest.lstrip(b" ")
            if rest[:1] == b'"':
                found, quote, rest = rest[1:].partition(b'"')
                if not quote:
                    return b""
            else:
                found = cut(rest, b",")
                rest = rest[len(found):]
            if name.lower() == key:
                return found[:size - 1]
            if b"," not in rest:
                return b""
            value = rest.partition(b",")[2].lstrip(b" ")
        return b""

    def check(self, value):
        sizes = {"username": 128, "realm": 256, "nonce": 129, "uri": BUFSIZ, "cnonce": 129,
                 "qop": 15, "nc": 20, "response": 128}
        d = {name: self.lookup(value, name.encode(), size) for name, size in sizes.items()}
        if not all(d.values()) or d["username"] != self.user or d["realm"] != self.realm:
            return False
        try:
            issued, _ = int(d["nonce"][-8:], 16), int(d["nc"], 16)
        except ValueError:
            return False
        return (time.monotonic() <= issued + 300 and d["uri"].startswith(b"/") and
                d["nonce"] == self.nonce(issued) and d["qop"] == b"auth" and
                self.is_response(d))


class OldEasycwmp(Easycwmp):
    """Of 2014: the challenge has no blank line after it."""

    success = 200, b"HTTP/1.1 200 OK\r\n\r\n"

    def challenge(self, peer):
        return (b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n" +
                self.challenge_field() + b"\r\n")


class Icwmp(Easycwmp):
    """Of 2017."""

    realm = b"authenticate@cwmp"

    def challenge(self, peer):
        return (b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n" +
                self.challenge_field() + b"\r\n\r\n")

    def find(self, line):
        if line[:len(self.marker)].lower() != self.marker.lower():
            return None
        return line[len(self.marker):]


class Icwmp2022(Agent):
    """Reads ten lines, cuts at every comma, takes an absolute uri."""

    realm = b"authenticate@cwmp"
    key = secrets.token_bytes(28)
    names = "username", "realm", "nonce", "uri", "qop", "nc", "cnonce", "response"

    def nonce(self, now):
        text = now.to_bytes(4, "big") + b":GET:" + self.key + b":" + self.path + b":" + self.realm
        return hashlib.md5(text).hexdigest().encode() + b"%08x" % now

    def answer(self, head, peer):
        is_get, value, host = False, b"", b""
        for line in list(lines_of(head))[:10]:
            line = line.strip(b"\n").strip(b"\r")
            if not line:
                break
            if b"GET " in line and b"HTTP/1.1" in line:
                is_get |= self.is_mine(line)
            if line[:22].lower() == b"authorization: digest ":
                value = line[22:]
            if line[:6].lower() == b"host: " and len(line) > 6:
                host = b"http://" + line[6:]
        if not is_get:
            return 503, (b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                         b"Content-Length: 0\r\n\r\n")
        if self.check(value, host):
            return 200, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        return 401, (b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n"
                     b'WWW-Authenticate: Digest realm="%s",qop="auth",nonce="%s",opaque="%s"'
                     b"\r\n\r\n" % (self.realm, self.nonce(int(time.time())), OPAQUE.encode()))

    def is_mine(self, line):
        wanted = b"GET %s HTTP/1.1" % self.path
        return re.sub(rb"\?[^ ]*", b"", line[:511]).lower().startswith(wanted.lower())

    def check(self, value, host):
        d = dict.fromkeys(self.names, b"")
        for part in filter(None, value.split(b",")):
            name, equals, found = part.partition(b"=")
            if not equals:
                break
            name = name.strip(b" ").strip(b'"').decode("latin-1")
            for known in self.names:
                if name.startswith(known):
                    d[known] = found.strip(b" ").strip(b'"')
                    break
        if not all(d.values()) or d["username"] != self.user or d["realm"] != self.realm:
            return False
        path = d["uri"]
        if host and path.startswith(host):
            path = path[len(host):] or b"/"
        try:
            issued, _ = int(d["nonce"][-8:], 16), int(d["nc"], 16)
        except ValueError:
            return False
        return (time.time() <= issued + 60 and d["nonce"] == self.nonce(issued) and
                path.startswith(self.path) and d["qop"] == b"auth" and self.is_response(d))


class Ccsp(Agent):
    """RDK-B: one nonce for all, for the address that last asked."""

    realm = b"Cisco_CCSP_CWMP_TCPCR"
    body = b"<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\"><html></html>"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.nonce, self.asker, self.magic = b"", "", b"%d" % secrets.randbelow(1 << 31)

    def head(self, status, field, length):
        return (b"HTTP/1.1 %s\r\nContent-Type: text/html;charset=iso-8859-1\r\n"
                b"Connection: Keep-Alive\r\n"
                b'Set-Cookie: CcspCwmpTcpCR="%s/140012"; Version="1"; Path="/"\r\n%s'
                b"Server: Cisco-CcspCwmpTcpCR/1.0\r\nContent-Length: %d\r\n\r\n" %
                (status, self.magic, field, length))

    def answer(self, head, peer):
        line, _, fields = head.partition(b"\r\n")
        target = line[4:].lstrip(b" \t").split(b" ")[0]
        if line[:4].upper() != b"GET " or cut(target, b"?") != self.path:
            return self.hang_up
        if b"http://" in fields.lower():
            return self.hang_up
        if not self.is_cookie(self.field(fields, b"cookie")):
            return self.hang_up
        value = self.field(fields, b"authorization")
        if value is None or peer != self.asker or not self.check(value):
            return 401, self.challenge(peer, value)
        return 200, self.head(b"200 OK", b"", 0)

    def challenge(self, peer, value):
        if value is None or peer != self.asker:
            self.nonce, self.asker = secrets.token_hex(16).encode(), peer
        field = (b'WWW-Authenticate: Digest realm="%s", nonce="%s", algorithm="MD5", '
                 b'domain="/", qop="auth"\r\n' % (self.realm, self.nonce))
        return self.head(b"401 Unauthorized", field, len(self.body)) + self.body

    @staticmethod
    def field(fields, wanted):
        for line in fields.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if not colon:
                return None
            if name.rstrip(b" \t").lower() == wanted:
                return value.lstrip(b" \t")
        return None

    def keeps(self, status):
        return status != 0

    def is_cookie(self, value):
        return value is None or b'CcspCwmpTcpCR="%s/' % self.magic in value

    def check(self, value):
        scheme, _, rest = value.partition(b" ")
        d = {}
        for part in rest[:1022].split(b","):
            name, equals, found = part.lstrip(b" ").partition(b"=")
            if equals and found[:1] == b'"':
                found = found[1:-1] if found[-1:] == b'"' else found[1:]
            if found:
                d[name.lower().decode("latin-1")] = found
        needed = {"username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce"}
        return (scheme.lower() == b"digest" and needed <= set(d) and
                d["username"] == self.user and d["realm"] == self.realm and
                d["nonce"] == self.nonce and d.get("algorithm", b"MD5").upper() == b"MD5" and
                self.is_response(d))


class Orange(Agent):
    """Searches the whole message for words; one nonce and opaque for all."""

    success = 200, b"HTTP/1.1 200 OK\nDate: Thu, 01 Jan 1970 00:00:00 GMT\nContent-Length: 0\n"
    realm = b"liveboxrealm"
    words = {"username": b"Digest username=", "realm": b"realm=", "nonce": b"nonce=",
             "uri": b"uri=", "response": b"response=", "opaque": b"opaque=", "qop": b"qop=",
             "nc": b"nc=", "cnonce": b"cnonce="}

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.nonce = self.opaque = b""

    def renew(self):
        letters = string.ascii_letters + string.digits
        self.nonce, self.opaque = ("".join(secrets.choice(letters) for _ in range(n)).encode()
                                   for n in (34, 32))

    def challenge(self, peer):
        self.renew()
        return (b'HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest\n   realm="%s",\n'
                b'   qop="auth",\n   nonce="%s",\n   opaque="%s"\n' %
                (self.realm, self.nonce, self.opaque))

    def allows(self, head, peer):
        return self.check(head[:4095]) and self.is_request(head)

    @staticmethod
    def is_request(head):
        method, _, rest = head.partition(b" ")
        return method == b"GET" and cut(rest.partition(b" ")[2], b"\r") == b"HTTP/1.1"

    def check(self, text):
        if b"Authorization:" not in text:
            return False
        d = {name: self.find(text, name) for name in self.words}
        return (None not in d.values() and d["nonce"] == self.nonce and
                d["opaque"] == self.opaque and d["username"] == self.user and
                self.is_response(d))

    def find(self, text, name):
        """_getQuotedString() and, for qop and nc, _getNonQuotedString()."""
        at = text.find(self.words[name])
        if at < 0:
            return None
        pattern = rb'[^=]*=([^,]*),' if name in ("qop", "nc") else rb'[^"]*"([^"]*)"'
        found = re.match(pattern, text[at:], re.S)
        return found[1] if found and len(found[1]) < 100 else None


class SoftAtHome(Orange):
    """libwebsockets in front of Orange's digest: one exact path, 204."""

    success = 204, b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    realm = b"SoftAtHome"

    def keeps(self, status):
        return status == 401

    def answer(self, head, peer):
        line, _, fields = head.partition(b"\r\n")
        target = line.split(b" ")[1]
        if target != self.path:
            return 404, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
        value = Ccsp.field(fields, b"authorization")
        if value is not None and len(value) < 1024:
            if self.check(b"GET %s\n\rAuthorization: %s" % (target, value)):
                return self.success
        self.renew()
        return 401, (b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate:Digest "
                     b'realm="%s",qop="auth",nonce="%s",opaque="%s"\r\n'
                     b"content-type:text/html\r\ncontent-length:0\r\n\r\n" %
                     (self.realm, self.nonce, self.opaque))


class Netcwmp(Agent):
    """Spaces for commas, small buffers, a nonce nobody looks at."""

    success = 200, (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n"
                    b'Content-Type: text/xml; charset="utf-8"\r\n\r\nOK')
    sizes = {"username": 256, "nonce": 33, "response": 128, "uri": 256, "qop": 16,
             "cnonce": 33, "nc": 16, "realm": 16}

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.count = 0

    def challenge(self, peer):
        self.count += 1
        return (b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest qop="auth" nonce="%s" '
                b'opaque="" realm="cwmpd"\r\nServer: TR069Agent\r\nContent-Length: 0\r\n\r\n' %
                md5(b"%d" % self.count))

    def answer(self, head, peer):
        if any(len(line) >= 1023 for line in head.split(b"\r\n")) or head[:4] != b"GET ":
            return 400, (b"HTTP/1.1 400 Bad request\r\nServer: CWMP-Agent\r\n"
                         b"Connection: close\r\nContent-Length: 5\r\n\r\nError")
        return super().answer(head[:2047], peer)

    def allows(self, head, peer):
        value = None
        for line in head.split(b"\r\n")[1:]:
            name, colon, rest = line.partition(b":")
            if colon and name.lower() == b"authorization":
                value = rest.lstrip(b" ")[:511]
        if value is None or value[:6].lower() != b"digest":
            return False
        d = self.parameters(value[6:])
        return (d["username"] == self.user and
                md5(md5(self.user, d["realm"], self.password), d["nonce"], d["nc"], d["cnonce"],
                    d["qop"], md5(b"GET", d["uri"])) == d["response"].lower())

    def parameters(self, value):
        """http_check_digest_auth(): a name is looked for at every byte."""
        d, i = dict.fromkeys(self.sizes, b""), 0
        while i < len(value):
            for name, size in self.sizes.items():
                if value.startswith(name.encode() + b"=", i):
                    i += len(name) + 1
                    quoted = value[i:i + 1] == b'"'
                    i += quoted
                    found = cut(value[i:], b'"') if quoted else re.split(rb"[ \t,]", value[i:])[0]
                    d[name] = found[:size - 1]
                    i += len(d[name])
                    break
            i += 1
        return d


class Ucwmp(Agent):
    """uhttpd and a CGI program: no parameter that it does not know."""

    keep = True
    quoted = "username", "realm", "nonce", "uri", "response", "cnonce", "algorithm"
    unquoted = "qop", "nc"

    def reply(self, status):
        return (b"HTTP/1.1 %s\r\nConnection: Keep-Alive\r\nKeep-Alive: timeout=20\r\n"
                b'WWW-Authenticate: Digest qop="auth", realm="ucwmp", nonce="%08x"\r\n'
                b"Content-Length: 0\r\n\r\n" % (status, int(time.time())))

    def answer(self, head, peer):
        line, _, fields = head.partition(b"\r\n")
        value = Ccsp.field(fields, b"authorization")
        if value is not None and self.check(value, line.split(b" ")[1]):
            return 200, self.reply(b"200 OK")
        return 401, self.reply(b"401 Unauthorized")

    def check(self, value, target):
        scheme, _, rest = value.partition(b" ")
        if scheme.lower() != b"digest":
            return False
        d = {}
        while rest:
            name, _, rest = rest.lstrip().partition(b"=")
            name = name.decode("latin-1")
            if name in self.quoted:
                found = re.match(rb'"((?:[^"\\]|\\.)*)",?', rest)
                if not found:
                    return False
                d[name], rest = re.sub(rb"\\(.)", rb"\1", found[1]), rest[found.end():]
            elif name in self.unquoted:
                d[name], _, rest = rest.partition(b",")
            else:
                return False
        return (set(self.quoted[:-1] + self.unquoted) <= set(d) and d["uri"] == target and
                d["username"] == self.user and d["realm"] == b"ucwmp" and
                d["qop"] == b"auth" and self.is_response(d))


class Rfc(Agent):
    """One grammar, RFC 7616's, and a nonce for each challenge, good once."""

    keep = True
    algorithms = {b"MD5": "md5"}
    qop = True
    realm = b"cpe"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.nonces = set()

    def challenge(self, peer):
        nonce = secrets.token_hex(16)
        self.nonces.add(nonce.encode())
        fields = b"".join(self.challenge_field(a, nonce.encode()) for a in self.algorithms)
        return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n%s\r\n" % fields

    def challenge_field(self, algorithm, nonce):
        return (b'WWW-Authenticate: Digest realm="%s", qop="auth", algorithm=%s, nonce="%s"\r\n' %
                (self.realm, algorithm, nonce))

    success = 200, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def allows(self, head, peer):
        line, _, fields = head.partition(b"\r\n")
        value = Ccsp.field(fields, b"authorization")
        d = self.parameters(value) if value is not None else None
        if d is None or d["nonce"] not in self.nonces or d["uri"] != line.split(b" ")[1]:
            return False
        algorithm = d.get("algorithm", b"MD5")
        if d["username"] != self.user or d["realm"] != self.realm:
            return False
        if algorithm not in self.algorithms or bool(d.get("qop")) != self.qop:
            return False
        self.nonces.discard(d["nonce"])
        return self.proves(d, algorithm)

    def proves(self, d, algorithm):
        return self.is_response(d, algorithm=self.algorithms[algorithm])

    @staticmethod
    def parameters(value):
        d, rest = {}, value.removeprefix(b"Digest ")
        while rest:
            found = TOKEN.match(rest)
            name = found and found["name"].decode()
            if not found or rest == value or name in d:
                return None
            d[name] = found["token"] or re.sub(rb"\\(.)", rb"\1", found["quoted"])
            rest = rest[found.end():]
        needed = {"username", "realm", "nonce", "uri", "response"}
        if d.get("qop"):
            needed |= {"nc", "cnonce"}
        return d if needed <= set(d) else None


class NoQop(Rfc):
    """RFC 2069, as in GenieACS's issue #181."""

    qop = False

    def challenge_field(self, algorithm, nonce):
        return (b'Server: TR069 client TCP connection request Server\r\n'
                b'WWW-Authenticate: Digest realm="%s", nonce="%s", algorithm="MD5", '
                b"domain=%s\r\n" % (self.realm, nonce, self.path))

    def is_response(self, d, ha1=None, algorithm="md5"):
        return "nc" not in d and super().is_response({**d, "qop": b""}, ha1, algorithm)


class Sha256(Rfc):
    """RFC 7616: both are offered, the better one first."""

    algorithms = {b"SHA-256": "sha256", b"MD5": "md5"}


class Md5Sess(Rfc):
    """RFC 2617 3.2.2.2, with the session key in hexadecimal."""

    algorithms = {b"MD5-sess": "md5"}

    def proves(self, d, algorithm):
        ha1 = md5(self.user, self.realm, self.password)
        return self.is_response(d, md5(ha1, d["nonce"], d["cnonce"]))


# By the name that docs/interop.md has for them.
DIALECTS = {
    "easycwmp": Easycwmp, "easycwmp 2014": OldEasycwmp, "icwmp 2017": Icwmp,
    "icwmp 2022": Icwmp2022, "CCSP (RDK-B)": Ccsp, "Orange": Orange,
    "SoftAtHome": SoftAtHome, "netcwmp": Netcwmp, "ucwmp": Ucwmp, "no qop": NoQop,
    "SHA-256 and MD5": Sha256, "MD5-sess": Md5Sess,
}


class Server(lenient_agent.Agent):
    """The lenient agent's sockets and log, with another mind."""

    def __init__(self, log, agent):
        super().__init__(log, "easycwmp")
        self.agent = agent

    def answer(self, client):
        head, client.head = client.head, b""
        status, text = self.agent.answer(head, client.sock.getpeername()[0])
        try:
            client.sock.send(text)
        except OSError as e:
            return self.drop(client, "reset", errno=errno.errorcode[e.errno])
        if status:
            self.log("answer", n=client.number, status=status)
        if not self.agent.keeps(status):
            self.drop(client, "closed")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--log", required=True)
    options.add_argument("--dialect", choices=DIALECTS, required=True)
    options.add_argument("--path", required=True)
    options.add_argument("--user", required=True)
    options.add_argument("--password", required=True)
    options.add_argument("port", type=int, nargs="+")
    args = options.parse_args()
    agent = DIALECTS[args.dialect](*(a.encode() for a in (args.user, args.password, args.path)))
    with open(args.log, "a", buffering=1) as log:
        server = Server(log, agent)
        for port in args.port:
            server.listen(port)
        server.serve()


if __name__ == "__main__":
    main()
