# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may ask, beyond addresses in the configuration: names and a file.

A real DNS server (dnsmasq) runs on the ACS's host; the router's resolv.conf
names it.  The daemon is never reloaded here but where a test says so.
"""

import json
import os
import pathlib
import re
import signal
import time

import pytest

import gate as gate_module
import lab
from gate import Gate
from heads import bare
from replayed import LOOKED_UP
from test_cli import as_json, good
from test_good import curl

pytestmark = pytest.mark.not_replayed(LOOKED_UP)

NAME = "acs.example.net"
REFRESH = 10			# the least
RESOLVER = "cwmpgate-resolv"	# as far as the kernel knows it


class Dns:
    """dnsmasq, its hosts, and the resolv.conf that names it."""

    def __init__(self, net, server=lab.ACS4):
        self.net, self.hosts, self.process = net, net.dir / "hosts", None
        self.resolv_conf = net.dir / "resolv.conf"
        self.resolv_conf.write_text(f"nameserver {server}\n")
        net.dir.chmod(0o755)		# dnsmasq and the resolver are not root
        self.set()

    def set(self, **names):
        """What each name is from now on; _ stands for a dot."""
        self.hosts.write_text("".join(f"{a} {name.replace('_', '.')}\n"
                                      for name, all_ in names.items() for a in all_))
        if self.process:
            self.process.send_signal(signal.SIGHUP)
            time.sleep(0.2)

    def start(self):
        self.process = self.net.acs.spawn(
            "dnsmasq", "--keep-in-foreground", "--no-hosts", "--no-resolv", "--no-daemon",
            "--pid-file", "--conf-file=/dev/null", "--bind-interfaces",
            f"--listen-address={lab.ACS4},{lab.ACS6}", "--local-ttl=1",
            f"--addn-hosts={self.hosts}", stderr=open(self.net.dir / "dnsmasq.log", "w"))
        lab.wait_until(self.answers, "dnsmasq answers")
        return self

    def answers(self):
        with self.net.router.socket(kind=lab.socket.SOCK_DGRAM) as s:
            s.settimeout(0.1)
            s.sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0\0\0\1\0\1", (lab.ACS4, 53))
            try:
                return s.recv(512)
            except OSError:
                return None

    def stop(self):
        if self.process:
            lab.end(self.process)
        self.process = None


@pytest.fixture
def dns(net):
    server = Dns(net).start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def resolv_conf(monkeypatch):
    """The daemon sees the file of the test's network as /etc/resolv.conf."""
    def argv(self, *more):
        return ["sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"',
                self.net.dir / "resolv.conf", gate_module.DAEMON, "-c", self.config, *more]
    monkeypatch.setattr(Gate, "argv", argv)


@pytest.fixture
def named(net, dns, agent, gate):
    """A gate that knows the ACS by its name only."""
    return gate


def elements(net, name):
    """The networks in a set, as nft writes them."""
    text = net.router.run("nft", "-j", "list", "set", "inet", "cwmpgate", name).stdout
    listed = next(x["set"] for x in json.loads(text)["nftables"] if "set" in x).get("elem", [])
    return sorted(x if isinstance(x, str) else f"{x['prefix']['addr']}/{x['prefix']['len']}"
                  if "prefix" in x else "-".join(x["range"]) for x in listed)


def wait_for(net, found4=None, found6=None, seconds=5.0):
    for name, expected in ("found4", found4), ("found6", found6):
        if expected is not None:
            lab.wait_until(lambda: elements(net, name) == sorted(expected),
                           lambda: f"{name} is {expected}: {elements(net, name)}", seconds)


def sources(gate):
    return {x["name"]: x for x in as_json(gate, "status")["acs_sources"]}


def new_round(gate):
    """What is due every acs_refresh seconds, at once."""
    before = gate.log().count("reloaded")
    gate.signal(signal.SIGHUP)
    lab.wait_until(lambda: gate.log().count("reloaded") > before, "reloaded")


def wrong(gate, name, text, seconds=10.0):
    lab.wait_until(lambda: text in (sources(gate)[name]["error"] or ""),
                   lambda: f"{text}: {sources(gate)}\n{gate.log()}", seconds)


def admitted(net, source=lab.ACS4):
    try:
        with net.acs.connect(lab.ROUTER6 if ":" in source else lab.ROUTER4, 7547, source,
                             seconds=0.5):
            return True
    except OSError:
        return False


by_name = pytest.mark.config(acs=[NAME], acs_refresh=REFRESH)


# -- names -------------------------------------------------------------------

@by_name
def test_name(net, dns, agent, unstarted_gate):
    dns.set(acs_example_net=[lab.ACS4, lab.ACS6])
    gate = unstarted_gate.start()
    wait_for(net, [lab.ACS4], [lab.ACS6])
    assert curl(net, lab.ROUTER4) == "200" and curl(net, lab.ROUTER6) == "200"
    assert not admitted(net, lab.ACS4_B) and not admitted(net, lab.ACS6_B)
    found = sources(gate)[NAME]
    assert found["kind"] == "name" and found["error"] is None
    assert sorted(found["addresses"]) == sorted([lab.ACS4, lab.ACS6])
    assert as_json(gate, "status")["acs"] == 2
    assert re.search(rf"{NAME}: .*{lab.ACS4}.* ago", good(gate, "status"))


@by_name
def test_address_changes(net, dns, agent, unstarted_gate):
    """Noticed within acs_refresh, by the same daemon, guard and judge."""
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate.start()
    wait_for(net, [lab.ACS4])
    before = gate.processes()
    assert admitted(net, lab.ACS4) and not admitted(net, lab.ACS4_B)
    dns.set(acs_example_net=[lab.ACS4_B])
    wait_for(net, [lab.ACS4_B], seconds=REFRESH + 3)
    assert admitted(net, lab.ACS4_B) and not admitted(net, lab.ACS4)
    assert {k: v for k, v in gate.processes().items() if k != RESOLVER} == before
    assert "reloaded" not in gate.log()


@by_name
def test_server_is_gone(net, dns, agent, unstarted_gate):
    """The addresses known before stay, also over a reload, and it is said once."""
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate.start()
    wait_for(net, [lab.ACS4])
    dns.stop()
    for _ in range(2):
        new_round(gate)
        wrong(gate, NAME, "Temporary failure")
        assert elements(net, "found4") == [lab.ACS4]
        assert curl(net, lab.ROUTER4) == "200"
    assert gate.log().count("stay in use") == 1
    dns.start()
    dns.set(acs_example_net=[lab.ACS4_B])
    wait_for(net, [lab.ACS4_B], seconds=REFRESH + 3)	# sooner: it had failed
    assert sources(gate)[NAME]["error"] is None


@by_name
def test_server_is_not_there_yet(net, agent, unstarted_gate):
    """Nobody, until the name has an address; the daemon starts all the same."""
    dns = Dns(net)
    gate = unstarted_gate.start()
    wrong(gate, NAME, "failure")
    assert not admitted(net)
    dns.start()
    dns.set(acs_example_net=[lab.ACS4])
    wait_for(net, [lab.ACS4], seconds=REFRESH + 3)
    assert admitted(net)
    dns.stop()


@by_name
def test_name_is_gone(net, dns, agent, unstarted_gate):
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate.start()
    wait_for(net, [lab.ACS4])
    dns.set()
    new_round(gate)
    wrong(gate, NAME, "")
    lab.wait_until(lambda: sources(gate)[NAME]["error"], "noticed")
    assert elements(net, "found4") == [lab.ACS4]


@by_name
def test_as_many_as_there_may_be_and_more(net, dns, agent, unstarted_gate):
    """32 addresses come over TCP; with 33 none is taken."""
    some = [f"203.0.113.{n}" for n in range(1, 34)]
    dns.set(acs_example_net=some[:32])
    gate = unstarted_gate.start()
    lab.wait_until(lambda: len(sources(gate)[NAME]["addresses"]) == 32,
                   lambda: f"{sources(gate)}\n{gate.log()}")
    before = elements(net, "found4")
    dns.set(acs_example_net=some)
    new_round(gate)
    wrong(gate, NAME, "more than 32 addresses")
    assert elements(net, "found4") == before


NO_ACS = ["0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::", "::1",
          "fe80::1", "ff02::1", "::ffff:192.0.2.11"]


@pytest.mark.config(acs=[f"acs{n}.example.net" for n in range(len(NO_ACS))], acs_refresh=REFRESH)
def test_addresses_that_no_acs_has(net, dns, agent, unstarted_gate):
    """One of them spoils the answer, also when the rest of it is good."""
    dns.set(**{f"acs{n}_example_net": [lab.ACS4_B, a] for n, a in enumerate(NO_ACS)})
    gate = unstarted_gate.start()
    for name in sources(gate):
        wrong(gate, name, "no ACS has")
    assert elements(net, "found4") == elements(net, "found6") == []
    assert not admitted(net, lab.ACS4_B)


@pytest.mark.config(acs=[f"acs{n}.example.net" for n in range(16)] + ["203.0.113.0/24"],
                    acs_refresh=REFRESH)
def test_names_of_many_and_one_that_fails(net, dns, agent, unstarted_gate):
    dns.set(**{f"acs{n}_example_net": [f"192.0.2.{n + 1}", "192.0.2.99"] for n in range(15)})
    gate = unstarted_gate.start()
    wait_for(net, [f"192.0.2.{n + 1}" for n in range(15)] + ["192.0.2.99"])
    assert sources(gate)["acs15.example.net"]["error"]
    status = as_json(gate, "status")
    assert status["acs"] == 17 and "acs15.example.net: nobody yet" in good(gate, "status")
    assert "cwmpgate_acs_sources_wrong 1" in good(gate, "metrics")


@by_name
def test_names_and_rules_that_are_lost(net, dns, agent, unstarted_gate):
    dns.set(acs_example_net=[lab.ACS4])
    unstarted_gate.start()
    wait_for(net, [lab.ACS4])
    net.router.run("nft", "flush", "ruleset")
    lab.wait_until(lambda: "set found4" in net.router.ruleset(), "back again")
    assert elements(net, "found4") == [lab.ACS4]


@by_name
def test_name_that_is_no_longer_configured(net, dns, agent, unstarted_gate):
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate.start()
    wait_for(net, [lab.ACS4])
    gate.write_config(acs=[lab.ACS4_B])
    new_round(gate)
    assert elements(net, "found4") == [] and sources(gate) == {}


# -- over a restart ------------------------------------------------------------

def kept(gate):
    """The lines of the state file, without the remark and the times."""
    if not gate.acs_state.exists():
        return []
    return [re.sub(r"^(name|file) \d+", r"\1", x) for x in
            gate.acs_state.read_text().splitlines() if not x.startswith("#")]


def keeps(gate, *lines):
    lab.wait_until(lambda: kept(gate) == list(lines), lambda: f"{lines}: {kept(gate)}", 10)


@by_name
def test_state_survives_a_restart(net, dns, agent, unstarted_gate):
    """At once, and while no server answers."""
    dns.set(acs_example_net=[lab.ACS4, lab.ACS6])
    gate = unstarted_gate.start()
    keeps(gate, f"name {NAME}", f"{lab.ACS4}/32", f"{lab.ACS6}/128")
    assert gate.acs_state.stat().st_mode & 0o777 == 0o600
    gate.stop()
    dns.stop()
    gate.start()
    assert elements(net, "found4") == [lab.ACS4] and elements(net, "found6") == [lab.ACS6]
    assert curl(net, lab.ROUTER4) == "200" and not admitted(net, lab.ACS4_B)
    assert re.search(rf"{NAME}: as known \d+ s ago: .*{lab.ACS4}", gate.log())
    wrong(gate, NAME, "failure")
    assert elements(net, "found4") == [lab.ACS4]
    assert re.search(r"addresses known before stay in use", gate.log())
    dns.start()
    dns.set(acs_example_net=[lab.ACS4_B])
    wait_for(net, [lab.ACS4_B], [], seconds=REFRESH + 3)
    keeps(gate, f"name {NAME}", f"{lab.ACS4_B}/32")


@by_name
def test_state_survives_a_kill(net, dns, agent, unstarted_gate):
    """And the rules that are gone with the machine."""
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate.start()
    keeps(gate, f"name {NAME}", f"{lab.ACS4}/32")
    gate.kill()
    dns.stop()
    net.router.run("nft", "flush", "ruleset")
    gate.start()
    assert admitted(net) and not admitted(net, lab.ACS4_B)


def test_state_of_a_file(net, listed):
    """What the agent's file said last, when it is gone: /var is memory on a router."""
    write(listed, f"{lab.ACS4}\n")
    keeps(listed, f"file {listed.file}", f"{lab.ACS4}/32")
    listed.stop()
    listed.file.unlink()
    listed.start()
    assert elements(net, "found4") == [lab.ACS4] and admitted(net)
    write(listed, "")
    wait_for(net, [])
    keeps(listed, f"file {listed.file}")


@by_name
def test_state_is_written_when_it_changes(net, dns, agent, unstarted_gate):
    """And not when the same is found again, nor at a restart."""
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate.start()
    keeps(gate, f"name {NAME}", f"{lab.ACS4}/32")
    inode = gate.acs_state.stat().st_ino
    for _ in range(2):
        before = gate.log().count("reloaded")
        new_round(gate)
        lab.wait_until(lambda: gate.log().count("reloaded") > before and
                       RESOLVER not in gate.processes(), "a round has ended")
    gate.stop()
    gate.start()
    lab.wait_until(lambda: RESOLVER not in gate.processes(), "another one")
    assert gate.acs_state.stat().st_ino == inode
    dns.set(acs_example_net=[lab.ACS4_B])
    new_round(gate)
    keeps(gate, f"name {NAME}", f"{lab.ACS4_B}/32")


@by_name
def test_state_of_what_is_no_longer_configured(net, dns, agent, unstarted_gate):
    """Dropped by the reload, and not taken when it comes back."""
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate.start()
    keeps(gate, f"name {NAME}", f"{lab.ACS4}/32")
    dns.stop()
    gate.write_config(acs=["two.example.net"], acs_refresh=REFRESH)
    new_round(gate)
    keeps(gate)
    gate.write_config(acs=[NAME], acs_refresh=REFRESH)
    new_round(gate)
    assert elements(net, "found4") == []


def write_state(gate, text, mode=0o600):
    gate.acs_state.parent.mkdir(exist_ok=True)
    gate.acs_state.write_text(text)
    gate.acs_state.chmod(mode)


DAY = 24 * 60 * 60

# what stands there: what is said, and whether it is taken
STATES = {
    "new": (lambda now: f"name {now - 2 * DAY} {NAME}\n{lab.ACS4}\n", 0o600, "48 h ago|2 days ago", True),
    "of a clock that was right": (lambda now: f"name {now + 9 * DAY} {NAME}\n{lab.ACS4}\n", 0o600,
                                  "0 s ago", True),
    "old": (lambda now: f"name {now - 31 * DAY} {NAME}\n{lab.ACS4}\n", 0o600, "too old", False),
    "another name's": (lambda now: f"name {now} two.example.net\n{lab.ACS4}\n", 0o600, "", False),
    "a file's": (lambda now: f"file {now} /{NAME}\n{lab.ACS4}\n", 0o600, "", False),
    "half wrong": (lambda now: f"name {now} {NAME}\n{lab.ACS4}\n0.0.0.0/0\n", 0o600,
                   ":3: nothing that was written", False),
    "somebody else's": (lambda now: f"name {now} {NAME}\n{lab.ACS4}\n", 0o620,
                        "can be written by others", False),
}


@by_name
@pytest.mark.parametrize("state", STATES)
def test_state_that_is(net, agent, unstarted_gate, state):
    text, mode, said, taken = STATES[state]
    Dns(net)			# nobody answers there
    gate = unstarted_gate
    write_state(gate, text(int(time.time())), mode)
    gate.start()
    assert re.search(said, gate.log())
    assert elements(net, "found4") == ([lab.ACS4] if taken else [])
    assert admitted(net) == taken


@by_name
def test_state_that_cannot_be_written(net, dns, agent, unstarted_gate):
    """It is said once, and the gate serves."""
    dns.set(acs_example_net=[lab.ACS4])
    gate = unstarted_gate
    gate.acs_state.parent.write_text("")
    gate.start()
    wait_for(net, [lab.ACS4])
    lab.wait_until(lambda: "a restart will know no addresses" in gate.log(), gate.log)
    assert admitted(net)


# -- the process -------------------------------------------------------------

def resolver(gate):
    return lab.wait_until(lambda: gate.processes().get(RESOLVER), "it runs")


@pytest.fixture
def waiting(net, agent, unstarted_gate):
    """A gate whose resolver waits: nobody answers at the server's address."""
    Dns(net, "192.0.2.77")
    return unstarted_gate.start()


@by_name
def test_resolver_can_do_little(net, waiting):
    pid = resolver(waiting)
    lab.wait_until(lambda: "Seccomp:\t2" in pathlib.Path(f"/proc/{pid}/status").read_text(),
                   "the sandbox stands")
    status = dict(x.split(":\t", 1) for x in
                  pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in x)
    assert status["NoNewPrivs"] == "1" and not status["Groups"].strip()
    assert "0" not in status["Uid"].split() + status["Gid"].split()
    assert len({status["Uid"]} | {pathlib.Path(f"/proc/{p}/status").read_text().split("Uid:")[1]
                                  .split("\n")[0].strip() for name, p in waiting.processes().items()
                                  if name != RESOLVER}) == 4
    assert all(int(status[f"Cap{x}"], 16) == 0 for x in ("Inh", "Prm", "Eff", "Bnd", "Amb"))
    limits = {x[:26].strip(): x[26:].split()[0] for x in
              pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines()}
    assert limits["Max file size"] == limits["Max core file size"] == limits["Max processes"] == "0"
    assert int(limits["Max open files"]) <= 16 and int(limits["Max cpu time"]) <= 10
    assert int(limits["Max address space"]) <= 64 << 20
    held = [os.readlink(f) for f in pathlib.Path(f"/proc/{pid}/fd").iterdir() if int(f.name) > 2]
    assert len(held) <= 3 and all(x.startswith("socket:") for x in held)
    environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    assert b"secret" not in environ


@by_name
def test_resolver_is_killed(net, waiting):
    """Another one comes; the gate does not notice."""
    before = waiting.processes()
    pid = resolver(waiting)
    os.kill(pid, signal.SIGKILL)
    wrong(waiting, NAME, "the resolver gave no answer")
    assert lab.wait_until(lambda: waiting.processes().get(RESOLVER), "again", 8) != pid
    for name in "cwmpgate-guard", "cwmpgate-judge":
        assert waiting.processes()[name] == before[name]


@by_name
def test_resolver_ends_with_the_daemon(net, waiting):
    pid = resolver(waiting)
    waiting.stop()
    assert not os.path.exists(f"/proc/{pid}")


@by_name
def test_daemon_does_not_wait_for_it(net, waiting):
    """Requests, commands and a reload are served while it waits."""
    resolver(waiting)
    began = time.monotonic()
    good(waiting, "status")
    assert time.monotonic() - began < 1


# -- the file ----------------------------------------------------------------

@pytest.fixture
def listed(net, dns, agent, unstarted_gate):
    """A gate with a file that does not exist yet."""
    unstarted_gate.file = net.dir / "acs.state"
    unstarted_gate.write_config(acs=[], acs_file=str(unstarted_gate.file), acs_refresh=86400)
    return unstarted_gate.start()


def write(gate, text):
    """As agents do it: a new file under the old name."""
    new = gate.file.with_suffix(".new")
    new.write_text(text)
    new.rename(gate.file)


def test_file(net, listed):
    """It appears, changes by rename and in place, and is noticed by itself."""
    assert not admitted(net)
    before = listed.processes()
    write(listed, f"# from the agent\n\n{lab.ACS4}\n")
    wait_for(net, [lab.ACS4], [])
    assert curl(net, lab.ROUTER4) == "200"
    write(listed, f"  {lab.ACS4_B}\r\n2001:db8:1::/64")
    wait_for(net, [lab.ACS4_B], ["2001:db8:1::/64"])
    assert admitted(net, lab.ACS4_B) and admitted(net, lab.ACS6) and not admitted(net, lab.ACS4)
    listed.file.write_text(f"{lab.ACS4}\n")
    wait_for(net, [lab.ACS4], [])
    listed.file.write_text("")
    wait_for(net, [], [])
    assert {k: v for k, v in listed.processes().items() if k != RESOLVER} == before
    assert listed.processes()["cwmpgated"] and "reloaded" not in listed.log()


def test_file_in_an_agents_words(net, dns, listed):
    """A URL, a name, and the lines of uci state."""
    dns.set(acs_example_net=[lab.ACS4], two_example_net=[lab.ACS4_B])
    write(listed, "https://acs.example.net:7548/cwmp?a=b\ntwo.example.net\nhttp://[2001:db8:1::10]:80/\n")
    wait_for(net, [lab.ACS4, lab.ACS4_B], [lab.ACS6])
    write(listed, f"""icwmp.acs=acs
icwmp.acs.ip='{lab.ACS4}'
icwmp.acs.ip6="{lab.ACS6_B}"
icwmp.acs.url=''
icwmp.cpe.ip='192.0.2.1'
icwmp.cpe.software_version='1 & 2'
""")
    wait_for(net, [lab.ACS4], [lab.ACS6_B])
    found = sources(listed)[str(listed.file)]
    assert found["kind"] == "file" and found["addresses"] == [lab.ACS4, lab.ACS6_B] or \
        found["addresses"] == [lab.ACS6_B, lab.ACS4]


BROKEN = {
    "192.0.2.11\n192.0.2.300\n": "line 2: expected",
    "192.0.2.11\0\n": "line 1: expected",
    "0.0.0.0/0\n": "no ACS has",
    "\n".join(f"198.51.100.{n}" for n in range(65)): "more than 64",
    "192.0.2.11\nnone.example.net\n": "",
    "#" * 16385: "larger than 16384 bytes",
}


def test_broken_files(net, listed):
    """What was known before stays, all of it; tests/unit/test_list.c has the lines."""
    path = str(listed.file)
    write(listed, f"{lab.ACS4}\n")
    wait_for(net, [lab.ACS4])
    for text, said in BROKEN.items():
        before = sources(listed)[path]["error"]
        write(listed, text)
        lab.wait_until(lambda: sources(listed)[path]["error"] not in (None, before), text[:20])
        assert said in sources(listed)[path]["error"]
        assert elements(net, "found4") == [lab.ACS4]
    assert curl(net, lab.ROUTER4) == "200"
    write(listed, f"{lab.ACS4_B}\n")
    wait_for(net, [lab.ACS4_B])
    assert sources(listed)[path]["error"] is None


def test_file_that_is_none(net, listed):
    path = str(listed.file)
    wrong(listed, path, "No such file")
    write(listed, f"{lab.ACS4}\n")
    wait_for(net, [lab.ACS4])
    listed.file.chmod(0o666)
    wrong(listed, path, "can be written by everybody")
    listed.file.unlink()
    wrong(listed, path, "No such file")
    os.mkfifo(listed.file)
    new_round(listed)
    wrong(listed, path, "is not a regular file")
    assert elements(net, "found4") == [lab.ACS4]


def test_file_does_not_wait_for_names(net, agent, unstarted_gate):
    """An address in it counts at once, whatever the servers do."""
    Dns(net, "192.0.2.77")
    gate = unstarted_gate
    gate.file = net.dir / "acs.state"
    gate.write_config(acs=[NAME], acs_file=str(gate.file), acs_refresh=86400)
    gate.start()
    resolver(gate)
    write(gate, f"{lab.ACS4}\n")
    wait_for(net, [lab.ACS4], seconds=2.5)


def test_networks_in_and_beside_each_other(net, listed):
    write(listed, "192.0.2.0/25\n192.0.2.128/25\n192.0.2.10\n198.51.100.7\n198.51.100.8/31\n"
          "198.51.100.7\n2001:db8::/32\n2001:db8:1::10\n2001:db7:ffff::/48\n223.255.255.0/24\n"
          "fdff:ffff::/32\n")
    wait_for(net, ["192.0.2.0/25", "192.0.2.128/25", "198.51.100.7", "198.51.100.8/31",
                   "223.255.255.0/24"],
             ["2001:db7:ffff::/48", "2001:db8::/32", "fdff:ffff::/32"])
    assert all(admitted(net, a) for a in (lab.ACS4, lab.NEIGHBOUR4, lab.ACS6))
