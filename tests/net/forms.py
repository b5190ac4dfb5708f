# SPDX-License-Identifier: GPL-2.0-or-later
"""Authenticated requests in the byte forms of clients that are not at hand,
and of those that are, for agents that the real ones cannot talk to.

The forms are those of the clients' sources and of captures; a form is a
function of the challenge and gives the whole head.
"""

import base64
import re
import secrets

import canonical
from gate import PASSWORD, PATH, USER

HOST = "192.0.2.1:{}"


def challenge_of(answer):
    """All parameters of the last digest challenge for MD5, read tolerantly."""
    text = answer.decode("latin-1").partition("\r\n\r\n")[0]
    for value in reversed(re.split(r"(?i)www-authenticate:\s*digest\s", text)[1:]):
        found = {n.lower(): q or t for n, q, t in
                 re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))', value)}
        if "SHA" not in found.get("algorithm", ""):
            return found
    return None


def base64_of(n):
    return base64.b64encode(secrets.token_bytes(n)).decode()


def solved(c, cnonce, uri=PATH, nc="00000001", always_qop=False, algorithm=None):
    """The parameters, with their response, in no order."""
    d = {"username": USER, "realm": c["realm"], "nonce": c["nonce"], "uri": uri}
    if algorithm or c.get("algorithm"):
        d["algorithm"] = algorithm or c["algorithm"]
    if c.get("qop") or always_qop:
        d |= {"qop": "auth", "nc": nc, "cnonce": cnonce}
    if "sess" in d.get("algorithm", ""):
        d["cnonce"] = cnonce
    if c.get("opaque") is not None:
        d["opaque"] = c["opaque"]
    known = {k: v.encode() for k, v in d.items()}
    d["response"] = canonical.response(known, PASSWORD.encode()).decode()
    return d


def written(d, order, comma=", ", tokens=("algorithm", "qop", "nc")):
    return "Digest " + comma.join(
        f"{n}={d[n]}" if n in tokens else f'{n}="{d[n]}"' for n in order.split() if n in d)


def head(*fields, target=PATH):
    return "\r\n".join([f"GET {target} HTTP/1.1", *fields, "", ""]).encode()


def genieacs(c, host):
    d = solved(c, secrets.token_hex(8))
    value = written(d, "username realm nonce uri algorithm qop nc cnonce response opaque", ",")
    if not d.get("opaque"):
        value = value.replace(',opaque=""', "")
    return head(f"Authorization: {value}", f"Host: {host}", "Connection: keep-alive")


def curl(c, host, cnonce=None):
    d = solved(c, cnonce or base64_of(32))
    value = written(d, "username realm nonce uri cnonce nc qop response opaque algorithm")
    return head(f"Host: {host}", f"Authorization: {value}", "User-Agent: curl/7.88.1",
                "Accept: */*")


def curl_8(c, host):
    """Since 8.2 the cnonce is short."""
    return curl(c, host, base64_of(12))


def java(c, host):
    d = solved(c, secrets.token_hex(20).upper(), algorithm=c.get("algorithm", "MD5"))
    if "qop" not in d:
        d["cnonce"] = secrets.token_hex(20).upper()
    value = written(d, "username realm nonce nc uri response algorithm opaque cnonce qop")
    return head("User-Agent: Java/17.0.15", f"Host: {host}", "Accept: text/html, */*; q=0.2",
                "Connection: keep-alive", f"Authorization: {value}")


def apache_httpclient(c, host):
    """4.5, as FreeACS has it."""
    d = solved(c, secrets.token_hex(8), algorithm=c.get("algorithm", "MD5"))
    value = written(d, "username realm nonce uri response qop nc cnonce algorithm opaque")
    return head(f"Host: {host}", "Connection: Keep-Alive",
                "User-Agent: Apache-HttpClient/4.5.14 (Java/17.0.15)",
                "Accept-Encoding: gzip,deflate", f"Authorization: {value}")


def commons_httpclient(c, host):
    """3.1, as OpenACS and O-RAN's adapter have it."""
    d = solved(c, secrets.token_hex(16), algorithm=c.get("algorithm", "MD5"))
    value = written(d, "username realm nonce uri response qop nc cnonce algorithm opaque",
                    tokens=("qop", "nc"))
    return head(f"Authorization: {value}", "User-Agent: Jakarta Commons-HttpClient/3.1",
                f"Host: {host}")


def oktopus(c, host):
    """Go; its opaque is sent in any case."""
    d = solved(c, base64_of(12), always_qop=True)
    d.setdefault("opaque", "")
    value = written(d, "username realm nonce uri qop nc cnonce response opaque algorithm", ",")
    return head(f"Host: {host}", "User-Agent: Go-http-client/1.1", f"Authorization: {value}",
                "Connection: keep-alive", "Accept-Encoding: gzip")


def oktopus_deep(c, host):
    """... and so is the uri, where the path has not exactly one segment."""
    d = solved(c, base64_of(12), uri="/", always_qop=True)
    value = written(d, "username realm nonce uri qop nc cnonce response opaque algorithm", ",")
    return head(f"Host: {host}", "User-Agent: Go-http-client/1.1", f"Authorization: {value}",
                "Connection: keep-alive", "Accept-Encoding: gzip")


def go_digest(c, host):
    d = solved(c, secrets.token_hex(8), always_qop=True)
    value = written(d, "username realm nonce uri response algorithm cnonce opaque qop nc")
    return head(f"Host: {host}", "User-Agent: Go-http-client/1.1", f"Authorization: {value}",
                "Accept-Encoding: gzip")


def httplib2(c, host):
    """The testers' of China Telecom: lower case, never an opaque, always MD5."""
    d = solved(c, secrets.token_hex(8), nc="00000002", always_qop=True, algorithm="MD5")
    d.pop("opaque", None)
    value = written(d, "username realm nonce uri algorithm response qop nc cnonce",
                    tokens=("algorithm", "qop", "nc"))
    return head(f"Host: {host}", "user-agent: Python-httplib2/0.22.0 (gzip)",
                f"authorization: {value}", "accept-encoding: gzip, deflate")


def absolute_uri(c, host):
    """What icwmp was changed to take, for an ACS that nobody names."""
    d = solved(c, secrets.token_hex(8), uri=f"http://{host}{PATH}")
    value = written(d, "username realm nonce uri cnonce nc qop response opaque algorithm")
    return head(f"Host: {host}", f"Authorization: {value}", "User-Agent: ACS/1.0 (an example)")


FORMS = (genieacs, curl, curl_8, java, apache_httpclient, commons_httpclient, oktopus,
         oktopus_deep, go_digest, httplib2, absolute_uri)
