#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Something breaks at random moments, under good and hostile load.

    sudo MOMENTS=1000 SEED=7 /usr/bin/python3 -B tests/net/chaos.py

At each moment one thing is done to the daemon, its processes, its files or the
kernel's rules (CHAOS below); then, mostly, it is waited until the ACS is served
again.  Two numbers are kept of that: the outage, from the fault on, and the
recovery, from the moment when the fault is over and guard and judge are there
(the supervisor may have waited before it started them) until a good request
that began after it has its 200.

The oracle, besides the times: every byte the agent has read is in a canonical
head that the gate wrote down before, each at most once; nothing was accepted
without a request; nothing is left behind.

The clock is not stepped: no part of the daemon reads a clock that can be set.
Guard and supervisor ask for CLOCK_MONOTONIC, the judge is told the time, and
the test machine's own clock is nobody's to change.
"""

import collections
import contextlib
import ctypes
import os
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import agent as agent_module
import gate as gate_module
import lab
from heads import authorized, bare, challenge_of, read_answer, status_of
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

NAMES = {"guard": "cwmpgate-guard", "judge": "cwmpgate-judge", "supervisor": "cwmpgated"}
RECOVERY_S = 1.0		# more is a failure
HUNG_S = 2.0			# supervise.c, HUNG_MS
STEP_S = 0.15			# for each step of a good request
OVERLAP = 0.25			# so often the next fault does not wait for the service
GOOD = f"{gate_module.USER}:{gate_module.PASSWORD}\n"
GATE_MARK = 0x40000000		# cwmpgate.conf, mark

# What another firewall must hold so that a flush opens nothing: rules/README.md.
FIREWALL = f"""
table inet firewall {{
	chain input {{
		type filter hook input priority filter; policy accept;
		tcp dport {{ 7547, 30005 }} meta mark & {GATE_MARK:#x} == 0 drop
		ct state established,related accept
	}}
}}
"""

FLUSH = "flush ruleset\n" + FIREWALL

libc = ctypes.CDLL(None, use_errno=True)
SYS_pidfd_getfd = 438		# the same on every machine
SO_RCVBUFFORCE = 33
GUARD_QUEUE = 3			# daemon/common/inherit.h


def backoff_max():
    """How long the supervisor may wait before it starts a pair again."""
    text = (lab.REPO / "daemon/supervisor/lane.c").read_text()
    return int(re.search(r"BACKOFF_MAX_MS\s*=\s*(\d+)", text)[1]) / 1000


class Load:
    """Good and hostile clients, each a thread, until the with block ends."""

    def __init__(self, net, seed):
        self.net, self.over = net, threading.Event()
        self.served = collections.deque(maxlen=1000)	# (begun, done) of good requests
        self.good = self.tried = 0
        self.threads = [threading.Thread(target=self._good, args=(a,), daemon=True)
                        for a in (lab.ROUTER4, lab.ROUTER4, lab.ROUTER6)]
        self.threads += [threading.Thread(target=self._hostile, args=(seed + i,), daemon=True)
                         for i in range(2)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for t in self.threads:
            t.join(5)

    def served_since(self, begun):
        """When the first request that began after @begun was answered."""
        return min((d for b, d in list(self.served) if b >= begun), default=None)

    # -- the ACS -------------------------------------------------------------

    def _good(self, address):
        while not self.over.is_set():
            begun = time.monotonic()
            self.tried += 1
            try:
                challenge = challenge_of(self._ask(address, bare()))
                if status_of(self._ask(address, authorized(challenge))) == 200:
                    self.good += 1
                    self.served.append((begun, time.monotonic()))
            except (OSError, AssertionError):
                pass
            time.sleep(0.02)

    def _ask(self, address, head):
        with self.net.acs.connect(address, 7547, seconds=STEP_S) as s:
            give_up_on_close(s)
            s.sendall(head)
            return read_answer(s)

    # -- the others ----------------------------------------------------------

    def _hostile(self, seed):
        rng = random.Random(seed)
        held = []
        while not self.over.is_set():
            try:
                s = self.net.acs.connect(lab.ROUTER4, rng.choice(lab.PORTS), lab.ACS4_B,
                                         seconds=0.1)
                rng.choice(HOSTILE)(s, rng)
                held.append(s)
            except OSError:
                pass
            while len(held) > rng.randrange(8):
                held.pop(rng.randrange(len(held))).close()
            time.sleep(rng.uniform(0, 0.04))
        for s in held:
            s.close()


def give_up_on_close(s):
    """The kernel does not go on with what nobody waits for."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_a_head(s, rng):
    head = bare()
    s.sendall(head[:rng.randrange(1, len(head))])


def in_two_parts(s, rng):
    half_a_head(s, rng)
    time.sleep(0.02)
    s.sendall(b"\nGET /cr HTTP/1.1\n\n")


def no_words(s, rng):
    s.sendall(rng.randbytes(rng.randrange(1, 2000)))


def two_requests(s, rng):
    s.sendall(bare() * 2)


def with_body(s, rng):
    s.sendall(b"POST /cr HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")


def with_lf(s, rng):
    s.sendall(bare().replace(b"\r\n", b"\n"))


def with_a_guess(s, rng):
    s.sendall(authorized({"nonce": rng.randbytes(16).hex(), "realm": "realm@easycwmp"},
                         password="guess"))


def too_long(s, rng):
    s.sendall(b"GET /cr HTTP/1.1\r\nX: " + b"a" * 5000)


def in_small_pieces(s, rng):
    for b in bare():
        s.sendall(bytes([b]))


def silence(s, rng):
    pass


def good_head_and_gone(s, rng):
    s.sendall(bare())
    give_up_on_close(s)
    s.close()


HOSTILE = [half_a_head, in_two_parts, no_words, two_requests, with_body, with_lf, with_a_guess,
           too_long, in_small_pieces, silence, good_head_and_gone]


class Roll:
    """Notes when guard or judge was missing, until the with block ends."""

    def __init__(self, gate):
        self.gate, self.over, self.missing = gate, threading.Event(), collections.deque([0], 1000)
        self.thread = threading.Thread(target=self._call, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(5)

    def _call(self):
        while not self.over.is_set():
            found = {}
            with contextlib.suppress(OSError):
                found = self.gate.processes()
            if len(found) < len(NAMES):
                self.missing.append(time.monotonic())
            time.sleep(0.005)

    def complete_since(self, when):
        """When the pair that was there at @when had come."""
        return max((t for t in list(self.missing) if t <= when), default=0)


class Chaos:
    """One network, one gate, and what is done to it."""

    def __init__(self, net, seed):
        self.net, self.rng = net, random.Random(seed)
        self.agent = agent_module.Agent(net)
        self.load_rules(FIREWALL)
        self.before = net.router.ruleset()
        self.gate = gate_module.Gate(net, ban=0)
        self.gate.start()
        self.logs, self.failed_starts = [], []
        self.frame = stray_frame(net)
        self.times = []			# (name, outage, recovery)
        self.done = []			# (when, name)

    def load_rules(self, rules):
        path = self.net.dir / "firewall.nft"
        path.write_text(rules)
        self.net.router.run("nft", "-f", path)

    def pid(self, who):
        """Waits for the process if there is none at the moment."""
        def find():
            with contextlib.suppress(OSError):
                return self.gate.processes().get(NAMES[who])
        return lab.wait_until(find, lambda: f"{who} is there: {self.gate.log()}",
                              backoff_max() + 5)

    def replaced(self, who, old):
        """Waits for the new one."""
        def find():
            with contextlib.suppress(OSError):
                new = self.gate.processes().get(NAMES[who])
                return new if new and new != old else None
        lab.wait_until(find, lambda: f"a new {who}: {self.gate.log()}",
                       HUNG_S + backoff_max() + 5)

    # -- what is done; each returns when it was over -------------------------

    def kill_child(self, who):
        pid = self.pid(who)
        send_signal(pid, signal.SIGKILL)
        self.replaced(who, pid)
        return time.monotonic()

    def kill_guard(self):
        return self.kill_child("guard")

    def kill_judge(self):
        return self.kill_child("judge")

    def kill_supervisor(self):
        self.gate.kill()
        time.sleep(self.rng.choice([0, 0, 0.05, 0.2]))
        self.start()
        return time.monotonic()

    def start(self):
        """As a service manager would: again, if it could not start."""
        self.gate.write_credentials(GOOD)
        self.logs.append(self.gate.log())
        for _ in range(20):
            try:
                self.gate.start()
                return
            except AssertionError:
                self.failed_starts.append(self.gate.log())
                time.sleep(0.1)
        raise AssertionError(f"does not start: {self.gate.log()}")

    def stop_for(self, who, seconds):
        pid = self.pid(who)
        send_signal(pid, signal.SIGSTOP)
        time.sleep(seconds)
        send_signal(pid, signal.SIGCONT)
        return time.monotonic()

    def stop_guard(self):
        return self.stop_for("guard", self.rng.uniform(0.01, 0.5))

    def stop_judge(self):
        """A question finds it silent, and then there is a new one."""
        return self.stop_for("judge", self.rng.uniform(0.001, 0.3))

    def stop_supervisor(self):
        return self.stop_for("supervisor", self.rng.uniform(0.01, 0.5))

    def hang_guard(self):
        pid = self.pid("guard")
        send_signal(pid, signal.SIGSTOP)
        self.replaced("guard", pid)
        return time.monotonic()

    def kill_unseen(self):
        """A child dies while the supervisor stands still."""
        supervisor = self.pid("supervisor")
        who = self.rng.choice(["guard", "judge"])
        child = self.pid(who)
        send_signal(supervisor, signal.SIGSTOP)
        send_signal(child, signal.SIGKILL)
        time.sleep(self.rng.uniform(0, 0.2))
        send_signal(supervisor, signal.SIGCONT)
        self.replaced(who, child)
        return time.monotonic()

    def flush_ruleset(self):
        """As nftables.service does it: its own rules come in the same transaction."""
        self.load_rules(FLUSH)
        return time.monotonic()

    def delete_table(self):
        self.net.router.run("nft", "delete", "table", "inet", "cwmpgate", check=False)
        return time.monotonic()

    def flush_mangle(self):
        for program in "iptables-nft", "ip6tables-nft":
            self.net.router.run(program, "-t", "mangle", "-F", check=False)
        return time.monotonic()

    def fill_queue(self):
        pid = self.pid("guard")
        send_signal(pid, signal.SIGSTOP)
        with self.net.acs.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
            with self.net.acs.entered():
                wire.bind(("eth0", 0))
            for _ in range(600):
                wire.send(self.frame)
        time.sleep(self.rng.uniform(0, 0.2))
        send_signal(pid, signal.SIGCONT)
        return time.monotonic()

    def tiny_buffer(self):
        """The receive buffer of the queue's socket, while it is in use."""
        pid = self.pid("guard")
        try:
            queue = borrow(pid, GUARD_QUEUE)
        except OSError:
            return time.monotonic()
        with queue:
            queue.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            time.sleep(self.rng.uniform(0.01, 0.2))
            queue.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
        return time.monotonic()

    def reload(self):
        self.gate.write_config(ban=0, queue=7547 + self.rng.randrange(2))
        self.gate.signal(signal.SIGHUP)
        return time.monotonic()

    def broken_reload(self):
        good = self.gate.config.read_text()
        self.gate.config.write_text('mode = "enforce";\nacs = [ "192.0.2.300" ];\n')
        refused = self.gate.log().count("reload: refused")
        self.gate.signal(signal.SIGHUP)
        lab.wait_until(lambda: self.gate.log().count("reload: refused") > refused,
                       lambda: f"refused: {self.gate.log()}", 3)
        self.gate.config.write_text(good)
        return time.monotonic()

    def credentials(self):
        """A second pair, a new file, or one that cannot be read."""
        self.gate.write_credentials(self.rng.choice([GOOD + "other:word\n", GOOD, "no colon\n"]))
        return time.monotonic()

    # -- the whole ------------------------------------------------------------

    def moment(self, load, roll, name):
        begun = time.monotonic()
        self.done.append((begun, name))
        over = getattr(self, name)()
        if self.rng.random() < OVERLAP:
            return
        limit = 5 + backoff_max()
        done = lab.wait_until(lambda: load.served_since(over), f"served again after {name}", limit)
        self.times.append((name, done - begun, done - max(over, roll.complete_since(done))))

    def run(self, moments, seed):
        with Load(self.net, seed) as load, Roll(self.gate) as roll:
            self.load = load
            lab.wait_until(lambda: load.good > 3, "served before it begins", 5)
            for _ in range(moments):
                self.moment(load, roll, self.rng.choice(CHAOS))
                time.sleep(self.rng.uniform(0, 0.1))
            last = time.monotonic()
            lab.wait_until(lambda: load.served_since(last), "served in the end",
                           5 + backoff_max())

    def end(self):
        self.logs.append(self.gate.log())
        self.gate.stop()

    # -- the oracle ------------------------------------------------------------

    def check(self):
        self.check_read()
        self.check_nothing_left()
        slow = [t for t in self.times if t[2] > RECOVERY_S]
        assert not slow, f"served later than {RECOVERY_S:g} s after recovery: {slow}"

    def check_read(self):
        """Kill the guard between trace and verdict, and what is written is not read."""
        written = self.gate.written()
        for c in self.agent.connections():
            assert c.reads and c.first_whole, f"accepted without a whole request: {c}"
            left = written.get(gate_module.endpoint(c.peer, c.peer_port), [])
            for head in agent_module.split_heads(c.bytes):
                assert head in left, f"the agent read {head!r}, written were {left}"
                left.remove(head)

    def check_nothing_left(self):
        assert self.gate.unload().returncode == 0
        assert self.net.router.ruleset() == self.before
        left = pids_in(self.net.router) - {self.agent.process.pid}
        assert not left, f"processes are left: {list(map(process, left))}"

    def report(self):
        rows = [f"{'what was done':16} {'times':>5} {'outage: median':>15} {'max':>6}"
                f" {'recovery: median':>17} {'max':>6}"]
        for name in sorted(set(CHAOS)):
            found = [t for t in self.times if t[0] == name]
            if found:
                rows.append(f"{name:16} {len(found):5} {median(t[1] for t in found):15.3f}"
                            f" {max(t[1] for t in found):6.3f}"
                            f" {median(t[2] for t in found):17.3f}"
                            f" {max(t[2] for t in found):6.3f}")
        rows.append(f"{self.load.good} of {self.load.tried} good requests were served, "
                    f"{len(self.agent.connections())} connections reached the agent, "
                    f"{len(self.failed_starts)} starts failed")
        return "\n".join(rows)


    def story(self):
        """What was done last, and what the supervisor said."""
        return "\n".join([f"{when:.3f} {name}" for when, name in self.done[-12:]] +
                         ["".join(self.logs[-3:] + [self.gate.log()])[-3000:]])


# Once for each; twice for what is seen most often in the field.
CHAOS = """kill_guard kill_judge kill_supervisor stop_guard stop_judge stop_supervisor hang_guard
kill_unseen flush_ruleset delete_table flush_mangle fill_queue tiny_buffer reload reload
broken_reload credentials""".split()


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def send_signal(pid, number):
    """It may be gone by now: another fault's doing."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def borrow(pid, fd):
    """A socket of another process, as a socket of ours."""
    pidfd = os.pidfd_open(pid)
    try:
        got = libc.syscall(SYS_pidfd_getfd, pidfd, fd, 0)
    finally:
        os.close(pidfd)
    if got < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return socket.socket(fileno=got)


def stray_frame(net):
    """A packet that the rules let through to the queue: an ACK of no connection."""
    return bytes(Ether(src=net.acs.mac("eth0"), dst=net.router.mac("wan0")) /
                 IP(src=lab.ACS4_B, dst=lab.ROUTER4) /
                 TCP(sport=60999, dport=7547, flags="PA", seq=1, ack=1) / b"GET / HTTP/1.1\r\n\r\n")


def pids_in(host):
    found = subprocess.run(["ip", "netns", "pids", host.name], text=True, check=True,
                               stdout=subprocess.PIPE).stdout
    return set(map(int, found.split()))


def process(pid):
    """Some words about it."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[0] + ")"
    return f"{pid} (gone)"


def run(net, moments, seed):
    """All of it in @net; returns the run for its report."""
    chaos = Chaos(net, seed)
    try:
        chaos.run(moments, seed)
        chaos.end()
        chaos.check()
    except AssertionError:
        print(chaos.report(), chaos.story(), sep="\n\n")
        raise
    finally:
        chaos.gate.stop()
        chaos.agent.stop()
    assert pids_in(net.router) == set()
    return chaos


def main():
    moments, seed = int(os.environ.get("MOMENTS", 200)), int(os.environ.get("SEED", 1))
    lab.unwind_on_signals()
    lab.sweep()
    begun = time.monotonic()
    with lab.Net() as net:
        chaos = run(net, moments, seed)
        print(chaos.report())
    print(f"{moments} moments, seed {seed}, {time.monotonic() - begun:.0f} s")
    for log in chaos.failed_starts:
        print("a start failed:", log.strip())


if __name__ == "__main__":
    main()
