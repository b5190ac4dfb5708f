#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A CWMP agent's connection-request server that believes everything.

It is the union of the weaknesses found in real agents, so that whatever gets
past the gate shows: lines may end in LF, `Authorization: Digest ` is found
anywhere in any line, method, path, nonce, nonce count and response are not
looked at, and nothing ever times out.  Whoever has credentials of any kind
gets 200, everybody else a 401 with a fresh nonce.

It writes one JSON object per line to its log, with the monotonic clock:

    listening
    accept   n, peer, peer_port, port, waiting (bytes there at that moment)
    read     n, hex, whole (a complete head has been read)
    answer   n, status
    end      n, how: "eof" or "reset" by the client, "closed" by the agent
"""

import argparse
import array
import errno
import fcntl
import json
import re
import secrets
import select
import socket
import termios
import time

OPAQUE = "328458fab28345ae87ab3210a8513b14eff452a2"

# How agents answer.  401 and 200, %s is the nonce; True: the connection stays.
DIALECTS = {
    "easycwmp": (
        "HTTP/1.1 401 Unauthorized\r\n"
        "Content-Length: 0\r\n"
        "Connection: close\r\n"
        'WWW-Authenticate: Digest realm="realm@easycwmp",qop="auth",'
        f'nonce="%s",opaque="{OPAQUE}"\r\n'
        "\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        False),
    "icwmp": (
        "HTTP/1.1 401 Unauthorized\r\n"
        "Connection: close\r\n"
        'WWW-Authenticate: Digest realm="authenticate@cwmp",qop="auth",'
        f'nonce="%s",opaque="{OPAQUE}"\r\n'
        "\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        False),
    "ccsp": (
        "HTTP/1.1 401 Unauthorized\r\n"
        "Server: CCSP-CWMP-TCPCR/1.0\r\n"
        "Connection: Keep-Alive\r\n"
        'WWW-Authenticate: Digest realm="Cisco_CCSP_CWMP_TCPCR", '
        'nonce="%s", algorithm="MD5", domain="/", qop="auth"\r\n'
        "Set-Cookie: CWMPID=1234; path=/\r\n"
        "Content-Type: text/html\r\n"
        "Content-Length: 26\r\n"
        "\r\n"
        "<html>Unauthorized</html>\n",
        "HTTP/1.1 200 OK\r\nServer: CCSP-CWMP-TCPCR/1.0\r\n"
        "Connection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
        True),
    "orange": (
        "HTTP/1.1 401 Unauthorized\n"
        "Connection: close\n"
        'WWW-Authenticate: Digest realm="liveboxrealm",\n'
        ' qop="auth",\n'
        ' nonce="%s",\n'
        f' opaque="{OPAQUE[:32]}"\n',
        "HTTP/1.1 200 OK\nContent-Length: 0\n",
        False),
}
# As easycwmp, but it hangs up on who has credentials, without an answer.
DIALECTS["hangup"] = (DIALECTS["easycwmp"][0], "", False)


class Client:
    """One accepted connection."""

    def __init__(self, number, sock):
        self.number, self.sock, self.head = number, sock, b""


class Agent:
    def __init__(self, log, dialect):
        self.log_file = log
        self.challenge, self.success, self.keep = DIALECTS[dialect]
        self.poll = select.poll()
        self.listeners, self.clients = {}, {}
        self.accepted = 0

    def log(self, event, **fields):
        line = {"t": time.monotonic(), "event": event, **fields}
        self.log_file.write(json.dumps(line) + "\n")

    def listen(self, port):
        s = socket.socket(socket.AF_INET6)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.bind(("::", port))
        s.listen(128)
        self.listeners[s.fileno()] = s
        self.poll.register(s, select.POLLIN)

    def serve(self):
        self.log("listening")
        while True:
            for fd, _ in self.poll.poll():
                if fd in self.listeners:
                    self.accept(self.listeners[fd])
                else:
                    self.read(self.clients[fd])

    def accept(self, listener):
        sock, peer = listener.accept()
        self.accepted += 1
        self.log("accept", n=self.accepted, peer=peer[0].removeprefix("::ffff:"),
                 peer_port=peer[1], port=listener.getsockname()[1],
                 waiting=bytes_waiting(sock))
        sock.setblocking(False)
        self.clients[sock.fileno()] = Client(self.accepted, sock)
        self.poll.register(sock, select.POLLIN | select.POLLRDHUP)

    def read(self, client):
        try:
            data = client.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as e:
            return self.drop(client, "reset", errno=errno.errorcode[e.errno])
        if not data:
            return self.drop(client, "eof")
        client.head += data
        whole = re.search(rb"\n\r?\n", client.head) is not None
        self.log("read", n=client.number, hex=data.hex(), whole=whole)
        if whole:
            self.answer(client)

    def answer(self, client):
        wanted = b"Authorization: Digest ".lower() not in client.head.lower()
        text = self.challenge % secrets.token_hex(20) if wanted else self.success
        client.head = b""
        try:
            client.sock.send(text.encode())
        except OSError as e:
            return self.drop(client, "reset", errno=errno.errorcode[e.errno])
        if text:
            self.log("answer", n=client.number, status=401 if wanted else 200)
        if not self.keep:
            self.drop(client, "closed")

    def drop(self, client, how, **fields):
        self.log("end", n=client.number, how=how, **fields)
        self.poll.unregister(client.sock)
        del self.clients[client.sock.fileno()]
        client.sock.close()


def bytes_waiting(sock):
    n = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, n)
    return n[0]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--log", required=True)
    options.add_argument("--dialect", choices=DIALECTS, default="easycwmp")
    options.add_argument("port", type=int, nargs="+")
    args = options.parse_args()
    with open(args.log, "a", buffering=1) as log:
        agent = Agent(log, args.dialect)
        for port in args.port:
            agent.listen(port)
        agent.serve()


if __name__ == "__main__":
    main()
