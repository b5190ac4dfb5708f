# SPDX-License-Identifier: GPL-2.0-or-later
"""lighttpd as the on-device agent, and strace as the witness beside it.

lighttpd is a digest server that knows nothing of the gate.  What it was given
is taken from its own system calls: every accept4() and every byte of every
read(), with the time of day.
"""

import codecs
import dataclasses
import re
import signal

import lab

REALM = "cpe"

CONFIG = """\
server.modules = ( "mod_auth", "mod_authn_file" )
server.document-root = "{root}"
server.errorlog = "{error_log}"
server.bind = "0.0.0.0"
server.port = {first}
server.tag = "agent/1.0"
{sockets}
auth.backend = "plain"
auth.backend.plain.userfile = "{users}"
auth.require = ( "" => ( "method" => "digest", "algorithm" => "MD5",
                         "realm" => "{realm}", "require" => "valid-user" ) )
"""

ACCEPT = re.compile(r"^\d+ +([\d.]+) accept4?\(.* = (\d+)$")
READ = re.compile(r'^\d+ +([\d.]+) (?:read|recvfrom)\((\d+), "((?:[^"\\]|\\.)*)"')
CLOSE = re.compile(r"^\d+ +([\d.]+) close\((\d+)\)")
UNFINISHED = re.compile(r"^(\d+) (.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^(\d+) +[\d.]+ <\.\.\. \w+ resumed>(.*)$")


@dataclasses.dataclass
class Connection:
    """What lighttpd was given on one connection."""

    accepted: float
    data: bytes = b""
    first_read: float = 0.0
    open: bool = True

    @property
    def requests(self):
        return re.findall(rb".*?\r\n\r\n", self.data, re.S)


class Lighttpd:
    def __init__(self, net, user, password, path):
        self.trace = net.dir / "agent.trace"
        root, users = net.dir / "htdocs", net.dir / "agent.users"
        root.mkdir()
        (root / path.lstrip("/")).write_text("")
        users.write_text(f"{user}:{password}\n")
        config = net.dir / "lighttpd.conf"
        first, *others = lab.PORTS
        sockets = [f"[::]:{first}", *(f"{a}:{p}" for p in others for a in ("0.0.0.0", "[::]"))]
        config.write_text(CONFIG.format(
            root=root, users=users, realm=REALM, first=first,
            error_log=net.dir / "lighttpd.log",
            sockets="\n".join(f'$SERVER["socket"] == "{s}" {{ }}' for s in sockets)))
        self.process = net.router.spawn(
            "strace", "-D", "-f", "-ttt", "-s", 8192, "-e", "trace=accept,accept4,read,recvfrom,close",
            "-e", "signal=none", "-o", self.trace, "/usr/sbin/lighttpd", "-D", "-f", config)
        lab.wait_until(lambda: self._listens(net), "lighttpd listens", 10)

    def _listens(self, net):
        assert self.process.poll() is None, "lighttpd or strace ended"
        found = net.router.run("ss", "-Hltn").stdout
        return all(len(re.findall(rf":{port}\s", found)) == 2 for port in lab.PORTS)

    def stop(self):
        """Ends lighttpd; with -D it is our child, and strace ends with it."""
        lab.end(self.process, signal.SIGKILL)

    def connections(self):
        found, by_fd = [], {}
        for line in joined(self.trace.read_text(errors="replace").splitlines()):
            if m := ACCEPT.match(line):
                by_fd[m[2]] = Connection(float(m[1]))
                found.append(by_fd[m[2]])
            elif (m := READ.match(line)) and m[2] in by_fd:
                c = by_fd[m[2]]
                c.first_read = c.first_read or float(m[1])
                c.data += codecs.decode(m[3], "unicode_escape").encode("latin-1")
            elif (m := CLOSE.match(line)) and m[2] in by_fd:
                by_fd.pop(m[2]).open = False
        return found


def joined(lines):
    """strace's lines, with calls that it wrote in two halves put together."""
    halves = {}
    for line in lines:
        if m := UNFINISHED.match(line):
            halves[m[1]] = line[:m.end(2)]
        elif (m := RESUMED.match(line)) and m[1] in halves:
            yield halves.pop(m[1]) + m[2]
        else:
            yield line
