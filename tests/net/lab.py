# SPDX-License-Identifier: GPL-2.0-or-later
"""The network of the tests and of the demo: three namespaces, two links.

       acs                       router                     stranger
    +-----------------+      +---------------------+      +-------------------+
    | 192.0.2.10, .11 | eth0 | wan0           wan1 | eth0 | 198.51.100.66     |
    | 2001:db8:1::10  |======| 192.0.2.1           |======| 2001:db8:2::66    |
    | 2001:db8:1::11  |      | 2001:db8:1::1       |      |                   |
    |                 |      |       198.51.100.1  |      |                   |
    | 192.0.2.99: not |      |       2001:db8:2::1 |      |                   |
    | in the ACS set  |      | cwmpgated, agent    |      |                   |
    +-----------------+      +---------------------+      +-------------------+

Both links are veth pairs that are born inside the namespaces; the namespace
this runs in gets no interface, no rule and no setting.  Everything made here
is named after this process, so that what a killed run left behind is known
and swept by the next one.
"""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROUTER4, ROUTER6 = "192.0.2.1", "2001:db8:1::1"
ACS4, ACS6 = "192.0.2.10", "2001:db8:1::10"
ACS4_B, ACS6_B = "192.0.2.11", "2001:db8:1::11"
NEIGHBOUR4 = "192.0.2.99"
STRANGER4, STRANGER6 = "198.51.100.66", "2001:db8:2::66"
ROUTER4_FAR, ROUTER6_FAR = "198.51.100.1", "2001:db8:2::1"
PORTS = (7547, 30005)

REPO = pathlib.Path(__file__).resolve().parents[2]

# How many times longer than usual everything may take: a kernel that checks all it does is slow.
PATIENCE = float(os.environ.get("CWMPGATE_PATIENCE", 1))

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Late(AssertionError):
    """A condition did not come true before its deadline."""


def wait_until(condition, what, seconds=5.0):
    """Returns condition()'s first true value; asks again until the deadline."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Late(f"not within {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(0.005)


def _die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(argv, **options):
    """A child that is out of the terminal's reach and cannot outlive us."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([str(a) for a in argv], start_new_session=True,
                            preexec_fn=_die_with_parent, **options)


def end(process, how=signal.SIGTERM, seconds=5.0):
    """Ends @process, gently if it will, and returns its status."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, stdout=subprocess.DEVNULL)


class Namespace:
    """One host of the network."""

    def __init__(self, name):
        self.name = name
        ip("netns", "add", name)

    def configure(self, lines):
        """Runs @lines, ip(8) commands, in the namespace."""
        subprocess.run(["ip", "-n", self.name, "-batch", "-"], input=lines, text=True,
                       check=True)

    def argv(self, *argv):
        return ["ip", "netns", "exec", self.name, *(str(a) for a in argv)]

    def run(self, *argv, check=True, timeout=20, **options):
        """Runs a program to its end; its output is text in the result."""
        return subprocess.run(self.argv(*argv), check=check, timeout=timeout, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **options)

    def spawn(self, *argv, **options):
        return spawn(self.argv(*argv), **options)

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is in the namespace inside the with block."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
            try:
                yield
            finally:
                _setns(home)
        finally:
            os.close(there)
            os.close(home)

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        """A socket stays where it was made, whatever thread uses it later."""
        with self.entered():
            return socket.socket(family, kind, protocol)

    def connect(self, address, port, source=None, seconds=3.0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        s = self.socket(family)
        s.settimeout(seconds)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            s.bind((source, 0))
        try:
            s.connect((address, port))
        except BaseException:
            s.close()
            raise
        return s

    def listen(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        s = self.socket(family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
        s.listen(16)
        s.settimeout(5)
        return s

    def sysctl(self, key, value=None):
        path = pathlib.Path("/proc/sys", key.replace(".", "/"))
        with self.entered():
            if value is not None:
                path.write_text(str(value))
            return path.read_text().strip()

    def keep_order(self, *interfaces):
        """
        What is sent first arrives first, as on a network card's one receive queue.
        Without it each processor hands on what was sent from it, and a sender that
        changes processors overtakes itself.
        """
        self.run("sh", "-c", 'for i; do echo 1 >"/sys/class/net/$i/queues/rx-0/rps_cpus"; done',
                 "sh", *interfaces)

    def mac(self, interface):
        with self.entered():
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
                s.bind((interface, 0))
                return ":".join(f"{b:02x}" for b in s.getsockname()[4])

    def ruleset(self):
        """All nft rules, without counters and handles, as text."""
        return self.run("nft", "-s", "list", "ruleset").stdout

    def conntrack(self):
        """Entries in the connection tracking table."""
        return int(self.sysctl("net.netfilter.nf_conntrack_count"))

    def remove(self):
        remove_namespace(self.name)


def remove_namespace(name):
    """Ends whoever is in a namespace of ours, by number, and deletes it."""
    found = subprocess.run(["ip", "netns", "pids", name], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    for pid in map(int, found.split()):
        if pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


def _setns(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Net:
    """The drawing above; a context manager that leaves nothing behind."""

    serial = 0

    def __init__(self):
        Net.serial += 1
        self.prefix = f"cwmpnet{os.getpid()}-{Net.serial}-"
        self.namespaces = []
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=self.prefix))

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def _namespace(self, role):
        n = Namespace(self.prefix + role)
        self.namespaces.append(n)
        return n

    def _build(self):
        self.acs = self._namespace("acs")
        self.router = self._namespace("router")
        self.stranger = self._namespace("stranger")
        for n in self.namespaces:
            n.sysctl("net.ipv6.conf.default.accept_dad", 0)
            n.sysctl("net.ipv6.conf.default.router_solicitations", 0)
        self.router.configure(f"""\
link set lo up
link add wan0 type veth peer name eth0 netns {self.acs.name}
link add wan1 type veth peer name eth0 netns {self.stranger.name}
address add {ROUTER4}/24 dev wan0
address add {ROUTER6}/64 dev wan0 nodad
address add {ROUTER4_FAR}/24 dev wan1
address add {ROUTER6_FAR}/64 dev wan1 nodad
link set wan0 up
link set wan1 up
""")
        self.acs.configure(f"""\
link set lo up
link set eth0 up
address add {ACS4}/24 dev eth0
address add {ACS4_B}/24 dev eth0
address add {NEIGHBOUR4}/24 dev eth0
address add {ACS6_B}/64 dev eth0 nodad
address add {ACS6}/64 dev eth0 nodad
route add default via {ROUTER4}
route add default via {ROUTER6}
""")
        self.stranger.configure(f"""\
link set lo up
link set eth0 up
address add {STRANGER4}/24 dev eth0
address add {STRANGER6}/64 dev eth0 nodad
route add default via {ROUTER4_FAR}
route add default via {ROUTER6_FAR}
""")
        self.router.keep_order("wan0", "wan1")
        self.acs.keep_order("eth0")
        self.stranger.keep_order("eth0")

    def remove(self):
        for n in self.namespaces:
            n.remove()
        self.namespaces = []
        shutil.rmtree(self.dir, ignore_errors=True)


def sweep():
    """Removes what runs that were killed have left; theirs only."""
    names = subprocess.run(["ip", "netns", "list"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout
    for name, pid in re.findall(r"^(cwmpnet(\d+)-\S+)", names, re.M):
        if not os.path.exists(f"/proc/{pid}"):
            remove_namespace(name)
    for path in pathlib.Path(tempfile.gettempdir()).glob("cwmpnet*-*"):
        pid = re.match(r"cwmpnet(\d+)-", path.name)
        if pid and not os.path.exists(f"/proc/{pid[1]}"):
            shutil.rmtree(path, ignore_errors=True)


def name_of(pid):
    """The process's name; None once it has gone, be it between opening and reading."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return None


def unwind_on_signals():
    """Makes SIGTERM and SIGHUP unwind like Ctrl-C does, and Ctrl-C always."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
