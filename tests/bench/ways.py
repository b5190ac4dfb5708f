# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to the agent that the benchmarks compare, and what a process costs.

A way is a context manager over the network of lab.py.  Inside its with block the
agent can be asked at PORT of the router; it yields the process ids of whatever
stands in front of the agent.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import subprocess

import gate as gate_module
import lab
from gate import PASSWORD, PATH, USER

BENCH = lab.REPO / "build/bench"
PORT, BEHIND, QUEUE = 7547, 17547, 99
REALM = "bench"

# Whom the acs namespace speaks for, beside its own addresses: SOURCE4 of these are
# its own as well, SPOOFED4 do not exist, SOURCE6 are as many /64.
ALLOWED = ["192.0.2.0/24", "2001:db8:1::/48"]
SOURCE4, SOURCES4 = "192.0.2.64", 64
SPOOFED4, SPOOFEDS4 = "192.0.2.128", 127
SOURCE6, CROWD6 = "2001:db8:1:1000::10", "2001:db8:1:1800::10"

MUCH = dict.fromkeys(("attempts", "requests", "all_requests", "syn", "malformed"),
                     "1000000/s burst 1000000")


def prepare(net):
    """Routes for the sources, and room for many short connections."""
    net.acs.configure(f"""\
route add local {SOURCE4}/26 dev lo
route add local 2001:db8:1:1000::/52 dev lo
""")
    net.router.configure(f"""\
route add {SPOOFED4}/25 via {lab.ACS4}
route add 2001:db8:1:1000::/52 via {lab.ACS6}
""")
    net.acs.sysctl("net.ipv6.ip_nonlocal_bind", 1)
    net.acs.sysctl("net.ipv4.ip_local_port_range", "10000 65000")
    # The table of connections is the machine's: runs that are over leave it soon.
    net.router.sysctl("net.netfilter.nf_conntrack_tcp_timeout_time_wait", 10)


# -- processes -----------------------------------------------------------------

@contextlib.contextmanager
def running(host, word, *argv):
    """A program that says @word when it is ready."""
    process = host.spawn(*argv, stdout=subprocess.PIPE)
    try:
        line = process.stdout.readline().decode().strip()
        assert line == word, f"{process.args}: {line!r}"
        yield process
    finally:
        lab.end(process)


def family(pid):
    """@pid and all that it has started."""
    found = [pid]
    for task in tasks(pid):
        with contextlib.suppress(FileNotFoundError):
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def tasks(pid):
    with contextlib.suppress(FileNotFoundError):
        yield from pathlib.Path(f"/proc/{pid}/task").iterdir()


def cpu_us(pid):
    """What all its threads have used of the processor, in user and kernel."""
    total = 0
    for task in tasks(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int((task / "schedstat").read_text().split()[0]) / 1000
    return total


def system_us(pid):
    """What of that was in the kernel, to 10 ms."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[12]) * 1000000 / os.sysconf("SC_CLK_TCK")


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


def unique(pid, kinds=("Private_Clean:", "Private_Dirty:")):
    """KiB that no other process has (USS).

    The clean ones are pages of programs and libraries that no other process uses
    at the moment; the dirty ones have been written to.
    """
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(kinds))


def spread(values):
    """Least, median and greatest."""
    ordered = sorted(values)
    return ordered[0], ordered[len(ordered) // 2], ordered[-1]


def load(net, *options, address=lab.ROUTER4):
    """What load.c has found."""
    done = net.acs.run(BENCH / "load", *options, address, PORT, USER, PASSWORD, timeout=60)
    return json.loads(done.stdout)


# -- the ways ------------------------------------------------------------------

def agent(net, port=PORT):
    return running(net.router, "listening", BENCH / "agent", port)


@contextlib.contextmanager
def direct(net):
    with agent(net):
        yield []


@contextlib.contextmanager
def queued(net):
    """Both directions of the agent's port through QUEUE."""
    def change(how):
        for chain, port in (("INPUT", "--dport"), ("OUTPUT", "--sport")):
            net.router.run("iptables-nft", "-t", "mangle", how, chain, "-p", "tcp", port, PORT,
                           "-j", "NFQUEUE", "--queue-num", QUEUE)
    change("-A")
    try:
        yield
    finally:
        change("-D")


@contextlib.contextmanager
def accept_all(net, *options):
    with agent(net), queued(net):
        with running(net.router, "accepting", BENCH / "acceptall", *options, QUEUE) as loop:
            yield [loop.pid]


def accept_batch(net):
    return accept_all(net, "-b")


class Gate(gate_module.Gate):
    """Without a file of what was written to the agent, which the tests' oracle reads."""

    def __init__(self, net, daemon, **settings):
        self.daemon = daemon
        super().__init__(net, **settings)

    def argv(self, *more):
        if "-w" in more:
            more = more[:more.index("-w")]
        return [self.daemon, "-c", self.config, *more]


@contextlib.contextmanager
def gated(net, daemon=gate_module.DAEMON, **settings):
    gate = Gate(net, daemon, **{"acs": ALLOWED, **MUCH, **settings}).start()
    try:
        with agent(net):
            yield gate.pids()
    except FileNotFoundError as e:
        raise AssertionError(f"a process of the gate was replaced: {gate.log()[-500:]}") from e
    finally:
        gate.stop()
        gate.unload()


def monitored(net):
    return gated(net, mode="monitor")


@contextlib.contextmanager
def allowlist(net):
    """What a proxy cannot do: no answer to who is not on the list."""
    net.router.run("nft", f"""
        table inet bench {{
            chain early {{
                type filter hook prerouting priority raw;
                tcp dport {PORT} ip saddr != {ALLOWED[0]} drop
                tcp dport {PORT} ip6 saddr != {ALLOWED[1]} drop
            }}
        }}""")
    try:
        yield
    finally:
        net.router.run("nft", "delete table inet bench")


@contextlib.contextmanager
def service(net, name, configuration, ready, *argv, **files):
    """A server that is installed, in the router's namespace; @argv sees its directory."""
    home = net.dir / name
    home.mkdir(exist_ok=True)
    net.dir.chmod(0o711)		# its children are nobody
    for file, text in {"config": configuration, **files}.items():
        (home / file).write_text(text.format(home=home))
    with open(home / "log", "w") as log:
        process = net.router.spawn(*(str(a).format(home=home) for a in argv), stdout=log,
                                   stderr=subprocess.STDOUT)
    try:
        lab.wait_until(lambda: process.poll() is not None or ready(net), f"{name} is ready", 20)
        assert process.poll() is None, f"{name} ended: {(home / 'log').read_text()[-500:]}"
        yield family(process.pid)
    finally:
        lab.end(process)


def port_open(net):
    return f":{PORT} " in net.router.run("ss", "-Hltn").stdout


def queue_bound(net):
    queues = net.router.run("cat", "/proc/net/netfilter/nfnetlink_queue").stdout
    return any(line.split()[0] == str(QUEUE) for line in queues.splitlines())


HAPROXY = f"""\
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    timeout http-request 5s
frontend connection_requests
    bind :::{PORT} v4v6
    stick-table type ipv6 size 1k expire 1m store http_req_rate(10s)
    http-request track-sc0 src
    http-request deny deny_status 503 if {{{{ sc_http_req_rate(0) gt 10000000 }}}}
    http-request deny unless METH_GET {{{{ path {PATH} }}}}
    http-request deny if {{{{ req.hdr_cnt(content-length) gt 0 }}}} or {{{{ req.hdr_cnt(transfer-encoding) gt 0 }}}}
    default_backend agent
backend agent
    server agent 127.0.0.1:{BEHIND}
"""


@contextlib.contextmanager
def haproxy(net):
    with agent(net, BEHIND), allowlist(net):
        with service(net, "haproxy", HAPROXY, port_open,
                     "/usr/sbin/haproxy", "-db", "-f", "{home}/config") as pids:
            yield pids


MODULES = ("mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_digest",
           "proxy", "proxy_http", "reqtimeout")

APACHE = "\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in MODULES
                   ) + f"""
ServerRoot {{home}}
ServerName cpe
PidFile {{home}}/pid
DefaultRuntimeDir {{home}}
ErrorLog {{home}}/error.log
User nobody
Group nogroup
Listen {PORT}
RequestReadTimeout header=5
ProxyPass {PATH} http://127.0.0.1:{BEHIND}{PATH}
<Location />
    Require all denied
</Location>
<Location {PATH}>
    AuthType Digest
    AuthName {REALM}
    AuthDigestDomain {PATH}
    AuthDigestProvider file
    AuthUserFile {{home}}/htdigest
    Require valid-user
    <LimitExcept GET>
        Require all denied
    </LimitExcept>
</Location>
"""


@contextlib.contextmanager
def apache(net):
    secret = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode()).hexdigest()
    with agent(net, BEHIND), allowlist(net):
        with service(net, "apache", APACHE, port_open,
                     "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", "{home}/config",
                     htdigest=f"{USER}:{REALM}:{secret}\n") as pids:
            yield pids


# What has no part in it is off, so that it costs nothing.
SURICATA_OFF = ("tls", "smb", "dcerpc", "ftp", "ssh", "smtp", "imap", "msn", "dns", "nfs", "tftp",
                "ikev2", "krb5", "dhcp", "snmp", "sip", "rfb", "mqtt", "rdp", "http2", "modbus",
                "dnp3", "enip", "ntp", "quic", "pgsql", "telnet", "bittorrent-dht")
SURICATA = f"""\
%YAML 1.1
---
vars:
  address-groups:
    ACS: "[{','.join(ALLOWED)}]"
nfq:
  mode: accept
  batchcount: 20
  fail-open: no
stream:
  inline: auto
app-layer:
  protocols:
    http:
      enabled: yes
""" + "".join(f"    {p}:\n      enabled: no\n" for p in SURICATA_OFF)
SURICATA_RULES = "".join(
    f"drop {what} any -> any {PORT} ({match}; sid:{n};)\n" for n, (what, match) in enumerate([
        ("tcp !$ACS", 'msg:"not the ACS"'),
        ("tcp any", 'msg:"not HTTP"; flow:to_server,established; app-layer-protocol:failed'),
        ("http any", 'msg:"not GET"; flow:to_server; http.method; content:!"GET"'),
        ("http any", f'msg:"another path"; flow:to_server; http.uri.raw; content:!"{PATH}"'),
        ("http any", f'msg:"a longer path"; flow:to_server; http.uri.raw; bsize:>{len(PATH)}'),
        ("http any", 'msg:"a body"; flow:to_server; http.header_names; '
         'content:"|0d 0a|Content-Length|0d 0a|"; nocase'),
        ("http any", 'msg:"a coded body"; flow:to_server; http.header_names; '
         'content:"|0d 0a|Transfer-Encoding|0d 0a|"; nocase'),
        ("http any", 'msg:"no digest"; flow:to_server; http.header; '
         'content:"Authorization: "; nocase; content:!"Digest username="; within:17'),
    ], 1))


@contextlib.contextmanager
def suricata(net):
    with agent(net), queued(net):
        # Checksums of what this machine sends itself are not made yet (-k none).
        with service(net, "suricata", SURICATA, queue_bound,
                     "/usr/bin/suricata", "-c", "{home}/config", "-S", "{home}/rules", "-q", QUEUE,
                     "-k", "none", "--runmode", "workers", "-l", "{home}", "--init-errors-fatal",
                     rules=SURICATA_RULES) as pids:
            yield pids


# -- the machine ---------------------------------------------------------------

def first_line(*argv):
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    return done.stdout.splitlines()[0].strip() if done.stdout else "?"


def machine():
    """What the numbers were measured on, as lines."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines()
                  if line.startswith(("model name", "Model"))), "unknown processor")
    release = pathlib.Path("/etc/os-release").read_text()
    system = next(line.split('"')[1] for line in release.splitlines()
                  if line.startswith("PRETTY_NAME"))
    version = first_line("git", "-C", lab.REPO, "describe", "--always", "--dirty")
    return [f"{os.cpu_count()} x {model}, Linux {os.uname().release}, {system}",
            f"cwmpgate {version}; {first_line('openssl', 'version').split(' (')[0]}"]
