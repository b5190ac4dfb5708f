#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""agent.py LOG: a CWMP agent on port 7547, as far as a connection request needs one.

It asks for a digest (RFC 7616, user acs, password secret) and writes each
request line that it reads to LOG.
"""

import hashlib
import http.server
import re
import secrets
import sys

NONCE = secrets.token_hex(16)


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"	# to 1.0 curl would answer in kind, and be refused

    def good(self):
        d = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get("Authorization", "")))
        if d.get("nonce") != NONCE:
            return False
        ha1, ha2 = md5("acs:agent:secret"), md5(f"GET:{d['uri']}")
        return d["response"] == md5(f"{ha1}:{NONCE}:{d['nc']}:{d['cnonce']}:auth:{ha2}")

    def do_GET(self):
        status = 200 if self.good() else 401
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate",
                             f'Digest realm="agent",nonce="{NONCE}",qop="auth",algorithm=MD5')
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_request(self, *_):
        with open(sys.argv[1], "a") as log:
            log.write(self.requestline + "\n")


http.server.HTTPServer(("0.0.0.0", 7547), Handler).serve_forever()
