# SPDX-License-Identifier: GPL-2.0-or-later
"""Who must not notice a flood: the ACS, the router's dnsmasq, the agent's sockets.

While a Bystanders runs, an ACS exchanges requests with the agent and a resolver
asks dnsmasq (steady.py), and the agent's listen queues and descriptors are looked
at over and over.  check() says whether all of them were left in peace.
"""

import ctypes
import json
import pathlib
import re
import socket
import struct
import subprocess
import threading
import time

import lab
from rawclient import RawClient

STEADY = lab.REPO / "tests/net/steady.py"
CROWD = lab.REPO / "tests/net/crowd.py"
PYTHON = "/usr/bin/python3"

ACS_PAUSE, DNS_PAUSE = 0.03, 0.02
LEAST = 5			# questions, for a number to mean something
AT_ONCE = 4			# connections that this ACS and its last ones may have there

SO_ATTACH_FILTER = 26


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Asker:
    """One steady.py."""

    def __init__(self, net, *arguments):
        self.process = net.acs.spawn(PYTHON, "-B", STEADY, *arguments, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.result = None

    def stop(self):
        if self.result is None:
            self.process.terminate()
            out, err = self.process.communicate(timeout=30)
            assert self.process.returncode == 0, err
            self.result = json.loads(out)
        return self.result


class Row:
    """One line of the table: how those who ask were served."""

    def __init__(self, name, result):
        self.name, self.failed = name, result["failed"]
        self.took = result["took"]
        self.n = len(self.took)

    @property
    def success(self):
        return 100 * (self.n - len(self.failed)) / self.n if self.n else 0

    @property
    def p50(self):
        return percentile(self.took, 0.50) * 1000 if self.n else 0

    @property
    def p99(self):
        return percentile(self.took, 0.99) * 1000 if self.n else 0

    @property
    def longest(self):
        return max(self.took, default=0) * 1000

    def __str__(self):
        return (f"{self.name:48} {self.n:5} {self.success:6.1f} %{self.p50:9.1f}"
                f"{self.p99:9.1f}{self.longest:9.1f}")


HEADING = f"{'':48} {'asked':>5} {'served':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}"


class Bystanders:
    def __init__(self, net, agent, gate, pause=ACS_PAUSE):
        self.net, self.agent, self.gate, self.pause = net, agent, gate, pause
        self.allowed_peers = {lab.ACS4, lab.ACS6}	# who may reach the agent at all
        self.at_once = AT_ONCE
        self.expects_service = True		# of the ACS, too
        self.most_queued = self.most_descriptors = self.looks = 0
        self.rows = []

    def start(self):
        self.dnsmasq = self.net.router.spawn(
            "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root",
            "--pid-file", f"--listen-address={lab.ROUTER4}", "--bind-interfaces",
            "--address=/cpe.example/192.0.2.77", stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        lab.wait_until(lambda: self.net.router.run("ss", "-Hlun", "sport = :53").stdout,
                       "dnsmasq listens")
        self.processes = self.gate.processes()
        self.idle_descriptors = self.descriptors()
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()
        self.acs = Asker(self.net, "acs", self.pause, *lab.PORTS)
        self.dns = Asker(self.net, "dns", DNS_PAUSE)
        self.begin = time.monotonic()
        try:
            lab.wait_until(lambda: self.gate.count("AUTHENTICATED") > 1,
                           "the ACS has proven itself over both families")
        except BaseException:
            self.stop()
            raise
        return self

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.agent.process.pid}/fd").iterdir()))

    def watch(self):
        while not self.over.wait(0.05):
            self.most_descriptors = max(self.most_descriptors, self.descriptors())
            for queued in listen_queues(self.net.router):
                self.most_queued = max(self.most_queued, queued)
            self.looks += 1

    def stop(self):
        """Ends those who ask, after a second at least; nothing is judged."""
        time.sleep(max(0, self.begin + 1 - time.monotonic()))
        self.over.set()
        self.watcher.join()
        self.rows = [Row("ACS", self.acs.stop()), Row("DNS", self.dns.stop())]
        lab.end(self.dnsmasq)

    def check(self):
        self.check_served()
        self.check_agent()
        assert self.gate.processes() == self.processes, "a process was replaced"

    def check_served(self):
        for row in self.rows if self.expects_service else self.rows[1:]:
            assert row.n >= LEAST, f"{row.name} asked {row.n} times only"
            assert not row.failed, (f"{row.name}: {len(row.failed)} of {row.n}: {row.failed[:5]}; "
                                    f"{self.gate.status()[0]}")

    def check_agent(self):
        """Listen queues, descriptors, and who was accepted."""
        assert self.looks >= LEAST
        assert self.most_queued <= self.at_once, f"{self.most_queued} in a listen queue"
        extra = self.most_descriptors - self.idle_descriptors
        assert extra <= self.at_once, f"{extra} descriptors more in the agent"
        strangers = {c.peer for c in self.agent.connections()} - self.allowed_peers
        assert not strangers, f"reached the agent: {strangers}"


def listen_queues(host):
    """Recv-Q of the agent's listeners: connections that wait for accept()."""
    text = host.run("ss", "-Hltn", "sport = :7547 or sport = :30005").stdout
    return [int(words.split()[1]) for words in text.splitlines()]


class FarClient(RawClient):
    """A client at the far end of a long line, whose socket sees its own port only."""

    def __init__(self, net, rtt, **options):
        super().__init__(net, **options)
        self.rtt = rtt
        # tcpdump -d "dst port N", over IPv4 without options
        code = [(0x28, 0, 0, 36), (0x15, 0, 1, self.sport), (0x06, 0, 0, 65536), (0x06, 0, 0, 0)]
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
        self.wire.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                             struct.pack("HL", len(code), ctypes.addressof(program)))

    def ask(self, head):
        """One connection, as long as it takes; SYN and request are sent up to five times."""
        for _ in range(5):
            self.syn()
            if self.synack(1):
                break
        time.sleep(self.rtt)
        self.ack()
        for _ in range(5):
            self.send(head, at=0)
            if self.wait(lambda: self.received or self.reset, 1):
                break
        self.next = len(head)
        answer = self.answer(1)
        self.close()
        return answer


# -- who attacks ---------------------------------------------------------------

def attacker_address(net, address):
    """What acs sends without choosing a source is from @address, not from the ACS."""
    net.acs.configure(f"route replace 192.0.2.0/24 dev eth0 proto kernel scope link "
                      f"src {address}\n")


def more_addresses(net, n):
    """@n more addresses on the acs side."""
    addresses = [f"192.0.2.{i}" for i in range(12, 255) if i != 99][:n]
    net.acs.configure("".join(f"address add {a}/24 dev eth0\n" for a in addresses))
    return addresses


def quiet_attacker(net):
    """The attacker's kernel does not reset what it has not begun itself."""
    net.acs.run("nft", "add table ip quiet; add chain ip quiet output "
                "{ type filter hook output priority 0; }; add rule ip quiet output "
                f"ip saddr != {lab.ACS4} tcp flags & rst == rst drop")


class Tools:
    """Programs that run at the same time, to their end or for @seconds."""

    def __init__(self):
        self.running = []

    def add(self, host, *argv, **options):
        self.running.append(host.spawn(*argv, stdout=subprocess.PIPE, text=True,
                                       stderr=subprocess.STDOUT, **options))

    def wait(self, seconds):
        """What each has said; whoever is not done after @seconds is ended."""
        deadline = time.monotonic() + seconds
        said = []
        for process in self.running:
            try:
                said.append(process.communicate(timeout=max(0.01, deadline - time.monotonic()))[0])
            except subprocess.TimeoutExpired:
                process.terminate()
                try:
                    said.append(process.communicate(timeout=1)[0])
                except subprocess.TimeoutExpired:
                    process.kill()
                    said.append(process.communicate()[0])
        self.running = []
        return said


def tool(host, *argv, seconds=8):
    """One program; what it said."""
    tools = Tools()
    tools.add(host, *argv)
    return tools.wait(seconds)[0]


def crowd(net, *, seconds, most, rate, sources, words=b"", port=7547, address=lab.ROUTER4):
    """Runs crowd.py; what became of its connections."""
    done = subprocess.run(
        net.acs.argv(PYTHON, "-B", CROWD, seconds, most, rate, address, port, *sources),
        input=words, stdout=subprocess.PIPE, timeout=seconds + 10, check=True)
    return json.loads(done.stdout)


def queue_dropped(host):
    """Packets that found the daemon's queue, or its socket, full."""
    text = host.run("cat", "/proc/net/netfilter/nfnetlink_queue").stdout
    found = re.findall(r"^ *7547 +\d+ +\d+ +\d+ +\d+ +(\d+) +(\d+)", text, re.M)
    return sum(int(n) for n in found[0]) if found else 0
