# SPDX-License-Identifier: GPL-2.0-or-later
"""cwmpgate, the control command, against the running daemon."""

import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

import gate as gate_module
import lab
import rawclient
from capture import Capture, reasons
from command import (COMMAND, DOWN, FAILED, OK, POST, USAGE, as_json, cwmpgate, good,
                     refuse_one)
from heads import ask, authorized, bare, get_challenge, status_of
from replayed import RELOADED
from test_good import curl

def control(gate, line):
    """The answer to @line on the bare socket, and what came along."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(str(gate.control))
        s.sendall(line)
        text, fds, _, _ = socket.recv_fds(s, 1 << 16, 1)
        return text.decode(), fds


# -- the socket ------------------------------------------------------------

def test_socket_is_roots(net, agent, gate):
    st = gate.control.stat()
    assert stat.S_ISSOCK(st.st_mode) and stat.S_IMODE(st.st_mode) == 0o600 and st.st_uid == 0
    text, fds = control(gate, b"status\n")
    assert text.startswith("ok\n") and "\nmode=enforce\n" in text and not fds


def test_socket_refuses_others(net, agent, gate):
    gate.control.chmod(0o666)
    gate.net.dir.chmod(0o755)
    asked = subprocess.run(
        ["/usr/bin/python3", "-c", f"""
import os, socket
os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.connect({str(gate.control)!r})
try:
    s.sendall(b"status\\n")
    print(s.recv(100))
except (BrokenPipeError, ConnectionResetError):
    print(b"")
"""], stdout=subprocess.PIPE, text=True, check=True)
    assert asked.stdout.strip() == "b''"


@pytest.mark.parametrize("line, answer", [
    (b"\n", "error\nunknown command\n"),
    (b"colour\n", "error\nunknown command\n"),
    (b"status a b c\n", "error\ntoo many words\n"),
    (b"ban 192.0.2.300 60\n", "error\nexpected an address"),
    (b"ban 192.0.2.0/24 60\n", "error\nexpected an address"),
    (b"ban 192.0.2.10\n", "error\nexpected an address"),
    (b"ban 192.0.2.10 -1\n", "error\nexpected an address"),
    (b"ban 192.0.2.10 99999999\n", "error\nexpected an address"),
    (b"unban 192.0.2.10\n", "error\nthis source is not banned"),
    (b"mode lenient\n", "error\nexpected monitor"),
    (b"reload soon\n", "error\nexpected 1 to 3600"),
    (b"confirm\n", "error\nnothing to confirm"),
    (b"x" * 200, ""),
])
def test_socket_lines(net, agent, gate, line, answer):
    try:
        assert control(gate, line)[0].startswith(answer)
    except ConnectionResetError:
        assert answer == ""


def test_socket_shm_is_read_only(net, agent, gate):
    text, (fd,) = control(gate, b"shm\n")
    assert text == "ok\nlanes=1\n"
    with pytest.raises(OSError):
        os.write(fd, b"x")
    assert os.pread(fd, 4, 0) != b""
    os.close(fd)


def test_socket_is_not_blocked(net, agent, gate):
    """Clients that say nothing, half a line, or do not read keep nobody waiting."""
    idle = []
    for _ in range(12):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(str(gate.control))
            s.send(b"sta")
        except BlockingIOError:
            pass
        idle.append(s)
    assert curl(net, lab.ROUTER4) == "200"
    assert good(gate, "status")			# in its turn
    for s in idle:
        s.close()
    assert gate.processes()["cwmpgate-guard"]


def test_second_daemon_leaves_the_socket_alone(net, agent, gate):
    other = gate_module.Gate(net, queue=7548)
    other.log_file = net.dir / "other.log"
    other.status_file, other.written_file = net.dir / "other.status", net.dir / "other.written"
    try:
        other.start()
        assert "another daemon answers there" in other.log()
        assert "\nqueue=7547\n" in control(gate, b"status\n")[0]
    finally:
        other.stop()
    assert gate.control.exists()


def test_socket_after_a_kill(net, agent, gate):
    gate.kill()
    assert gate.control.exists()
    gate.start()
    assert as_json(gate, "status")["up"]
    gate.stop()
    assert not gate.control.exists()


# -- status ----------------------------------------------------------------

def test_status(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    gate.expect("AUTHENTICATED")
    text = good(gate, "status")
    assert re.search(r"^mode +enforce: nothing reaches", text, re.M)
    assert re.search(r"^without daemon +nothing reaches the agent until", text, re.M)
    assert re.search(r"^ports +7547 30005 on every interface", text, re.M)
    assert re.search(r"^acs +192\.0\.2\.10/31, 2001:db8:1::10/127$", text, re.M)
    assert re.search(r"^rules +loaded", text, re.M)
    assert re.search(r"^queue +7547, bound by port id \d+ .*; 0 waiting, 0 dropped", text, re.M)
    assert re.search(r"^ +1 +AUTHENTICATED +request with a valid digest", text, re.M)
    assert "\033" not in text
    facts = as_json(gate, "status")
    assert facts["mode"] == "enforce" and facts["serving"] and facts["rules_present"]
    assert facts["reasons"]["AUTHENTICATED"] == 1
    assert facts["queue"]["portid"] == gate.process.pid
    assert facts["rules"]["not_acs"] == 0


def test_status_without_a_daemon(net, agent, gate):
    gate.stop()
    done = cwmpgate(gate, "status")
    assert done.returncode == DOWN
    assert "not running" in done.stdout and "nothing reaches the agent until" in done.stdout
    assert cwmpgate(gate, "events").returncode == DOWN
    assert cwmpgate(gate, "ban", "192.0.2.10", "5").returncode == DOWN
    gate.unload()
    assert "as open as without it" in cwmpgate(gate, "status").stdout


SOON = 8		# seconds; it takes one or two, and 15 when somebody is waited for


def test_daemon_that_is_stopped(net, agent, gate):
    """Who asks hears of it soon, and of what the kernel knows; it is not done later either."""
    gate.signal(signal.SIGSTOP)
    said = {}
    for words in (["status"], ["status", "-o", "json"], ["events"], ["explain"], ["flows"], ["learn"],
                  ["metrics"], ["doctor"], ["reload"], ["ban", lab.ACS4, "600"]):
        begun = time.monotonic()
        done = cwmpgate(gate, *words)
        assert time.monotonic() - begun < SOON, words
        assert done.returncode == (FAILED if words == ["doctor"] else DOWN), (words, done)
        said[" ".join(words)] = done.stdout + done.stderr
    told = json.loads(said.pop("status -o json"))
    assert (told["up"], told["silent"], told["mode"]) == (False, True, "enforce")
    assert samples(said.pop("metrics"))["up"] == 0
    assert all("does not answer" in text for text in said.values()), said
    assert "it is stopped" in said["status"]
    for text in "the queue is held", "192.0.2.10", "7547, bound by port id", "enforce":
        assert text in said["status"]
    assert curl(net, lab.ROUTER4) == "200"
    gate.signal(signal.SIGCONT)
    lab.wait_until(lambda: cwmpgate(gate, "status").returncode == OK, "it goes on", 10)
    assert good(gate, "bans") == "nobody is banned\n"
    assert "reloaded" not in gate.log()


def test_daemon_that_takes_its_time(net, unstarted_gate):
    """It is waited for, and that is said."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(unstarted_gate.control))
        listener.listen(1)
        log = net.dir / "asked.log"
        with open(log, "w") as err:
            asking = net.router.spawn(COMMAND, "-c", unstarted_gate.config, "unban", lab.ACS4,
                                      stderr=err, env=gate_module.ENVIRONMENT)
        lab.wait_until(lambda: "does not answer yet" in log.read_text(), log.read_text, SOON)
        with listener.accept()[0] as s:
            assert s.recv(100) == b"unban 192.0.2.10\n"
            s.sendall(b"ok\n")
        assert asking.wait(SOON) == OK


def test_usage(net, unstarted_gate):
    gate = unstarted_gate
    assert cwmpgate(gate).returncode == USAGE
    assert cwmpgate(gate, "colour").returncode == USAGE
    assert cwmpgate(gate, "ban", "192.0.2.10").returncode == USAGE
    assert cwmpgate(gate, "-o", "xml", "status").returncode == USAGE
    for command in re.findall(r"^  ([a-z]+) ", good(gate, "-h"), re.M):
        assert good(gate, command, "--help").startswith(f"usage: cwmpgate {command}")


def test_check(net, unstarted_gate):
    assert good(unstarted_gate, "check") == "configuration OK\n"
    bad = net.dir / "bad.conf"
    bad.write_text('mode = "enforced";\n')
    done = cwmpgate(unstarted_gate, "check", bad)
    assert done.returncode == USAGE and f"{bad}:1:8: mode: found" in done.stderr


# -- events ----------------------------------------------------------------

def test_events(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    refuse_one(net, gate)
    lines = good(gate, "events").splitlines()
    assert "delivered AUTHENTICATED" in lines[-2]
    assert re.search(r"#\d+ 192\.0\.2\.10 port \d+ to 7547: refused NOT_GET: .* \(byte 0\); "
                     r"POST /UD/act\?\.\. HTTP/1\.1$", lines[-1])
    last = as_json(gate, "events", "-n", "1")
    assert last["src_ip"] == "192.0.2.10" and last["dest_port"] == 7547
    assert last["reason"] == "NOT_GET" and last["action"] == "refused" and last["enforced"]
    assert last["request"] == "POST /UD/act?.. HTTP/1.1" and last["direction"] == "to_server"
    assert good(gate, "events", lab.ACS4_B) == ""
    assert len(good(gate, "events", lab.ACS4).splitlines()) == len(lines)


def test_events_follow(net, agent, gate):
    """Also over a restart of the daemon."""
    with open(net.dir / "events", "w") as out:
        follower = gate.host.spawn(COMMAND, "-c", gate.config, "events", "-f", stdout=out)
    seen = pathlib.Path(net.dir / "events")
    try:
        lab.wait_until(lambda: follower.poll() is None and curl(net, lab.ROUTER4) == "200"
                       and "AUTHENTICATED" in seen.read_text(), "the first", 5)
        gate.stop()
        gate.start()
        refuse_one(net, gate)
        lab.wait_until(lambda: "NOT_GET" in seen.read_text(), "the second", 6)
    finally:
        lab.end(follower)


@pytest.mark.config(mode="monitor")
def test_events_of_monitor_mode(net, unstarted_gate, agent):
    gate = unstarted_gate.start()
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        ask(s, POST)
    gate.expect("NOT_GET")
    assert "would be refused NOT_GET" in good(gate, "events")
    assert "every packet goes through" in good(gate, "status")
    gate.stop()
    assert gate.unload().returncode == 0


# -- bans, reload, mode, rules ---------------------------------------------

@pytest.mark.not_replayed(RELOADED)
def test_bans(net, agent, gate):
    assert good(gate, "bans") == "nobody is banned\n"
    good(gate, "ban", lab.ACS4, "600")
    good(gate, "ban", lab.ACS6, "60")
    good(gate, "ban", lab.ACS6, "600")		# the later one counts
    with pytest.raises(OSError):
        net.acs.connect(lab.ROUTER4, 7547, seconds=0.3)
    found = {b["source"]: b for b in as_json(gate, "bans")}
    assert set(found) == {"192.0.2.10", "2001:db8:1::"}
    assert all(b["seconds_left"] > 500 for b in found.values())
    assert found["2001:db8:1::"]["prefix"] == 64
    gate.signal(signal.SIGHUP)			# new rules, the same bans
    lab.wait_until(lambda: "reloaded" in gate.log(), "reloaded", 5)
    assert len(as_json(gate, "bans")) == 2
    good(gate, "unban", lab.ACS4)
    good(gate, "unban", lab.ACS6_B)		# the same source
    assert curl(net, lab.ROUTER4) == curl(net, lab.ROUTER6) == "200"
    assert cwmpgate(gate, "unban", lab.ACS4).returncode == FAILED
    assert "control: ban 192.0.2.10 600: done" in gate.log()


@pytest.mark.not_replayed(RELOADED)
def test_reload(net, agent, gate):
    gate.write_config(path="/another")
    assert good(gate, "reload") == "in use\n"
    assert curl(net, lab.ROUTER4) != "200"
    gate.config.write_text('mode = "enforced";\n' + f'control = "{gate.control}";\n')
    done = cwmpgate(gate, "reload")
    assert done.returncode == FAILED and f"{gate.config}:1:8: mode: found" in done.stderr
    assert as_json(gate, "status")["reload_failed"]
    gate.write_config()
    good(gate, "reload")
    assert curl(net, lab.ROUTER4) == "200"


@pytest.mark.not_replayed(RELOADED)
def test_reload_that_nobody_confirms(net, agent, gate):
    gate.write_config(path="/another")
    assert "taken back in 2 s" in good(gate, "reload", "--confirm", "2")
    assert as_json(gate, "status")["confirm_ms"] > 0
    assert curl(net, lab.ROUTER4) != "200"
    lab.wait_until(lambda: "not confirmed" in gate.log(), "taken back", 5)
    lab.wait_until(lambda: curl(net, lab.ROUTER4) == "200", "as before", 5)


@pytest.mark.not_replayed(RELOADED)
def test_reload_that_is_confirmed(net, agent, gate):
    gate.write_config(path="/another")
    good(gate, "reload", "--confirm", "1")
    good(gate, "confirm")
    assert as_json(gate, "status")["confirm_ms"] == 0
    with pytest.raises(lab.Late):
        lab.wait_until(lambda: "not confirmed" in gate.log(), "taken back", 1.5)
    assert curl(net, lab.ROUTER4) != "200"


@pytest.mark.not_replayed(RELOADED)
@pytest.mark.config(mode="monitor")
def test_mode(net, unstarted_gate, agent):
    gate = unstarted_gate.start()
    good(gate, "mode", "enforce")
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(POST)
        with pytest.raises(ConnectionResetError):
            s.recv(1)
    good(gate, "mode", "block")
    assert as_json(gate, "status")["mode"] == "block"
    assert cwmpgate(gate, "ban", lab.ACS4, "5").returncode == FAILED
    good(gate, "mode", "monitor")
    assert agent.connections() == []
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        ask(s, bare())
    gate.stop()
    assert gate.unload().returncode == 0


def test_rules(net, agent, unstarted_gate):
    gate = unstarted_gate
    assert good(gate, "rules", "print") == gate.run("-p").stdout
    good(gate, "rules", "load")
    assert "table inet cwmpgate" in gate.host.ruleset()
    assert "nothing reaches the agent until" in cwmpgate(gate, "status").stdout
    good(gate, "rules", "unload")
    assert gate.host.ruleset() == ""


# -- numbers ---------------------------------------------------------------

SAMPLE = re.compile(r'^cwmpgate_([a-z_]+)(?:\{([a-z]+="[^"]*",?)+\})? (\d+)$')


def samples(text):
    """Every sample by name and labels; each name was announced before, once."""
    found, announced = {}, []
    for line in text.splitlines():
        if line.startswith("# "):
            _, kind, name, _ = line.split(" ", 3)
            announced.append((kind, name))
            continue
        match = SAMPLE.match(line)
        assert match and ("TYPE", f"cwmpgate_{match[1]}") == announced[-1], line
        found[line.rsplit(" ", 1)[0].removeprefix("cwmpgate_")] = int(match[3])
    assert len(announced) == len(set(announced))
    return found


def test_metrics(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    gate.expect("AUTHENTICATED")
    good(gate, "ban", "192.0.2.77", "60")
    with pytest.raises(OSError):
        net.stranger.connect(lab.ROUTER4_FAR, 7547, seconds=0.3)
    found = samples(good(gate, "metrics"))
    assert found["up"] == found["serving"] == found["rules_present"] == 1
    assert found['mode{mode="enforce"}'] == 1 and found['mode{mode="monitor"}'] == 0
    assert found['verdicts_total{action="deliver",reason="authenticated"}'] == 1
    assert found["bans"] == 1 and found["acs_prefixes"] == 2
    assert found['rules_packets_total{counter="not_acs"}'] >= 1
    assert found["queue_dropped_total"] == found["queue_user_dropped_total"] == 0
    gate.stop()
    done = cwmpgate(gate, "metrics")
    assert done.returncode == DOWN and samples(done.stdout)["up"] == 0


def test_metrics_file(net, agent, unstarted_gate):
    gate, path = unstarted_gate, net.dir / "cwmpgate.prom"
    gate.write_config(metrics_file=str(path))
    gate.start()
    lab.wait_until(path.exists, "the file", 3)
    assert samples(path.read_text()).keys() == samples(good(gate, "metrics")).keys()
    assert samples(path.read_text())["up"] == 1 and path.stat().st_mode & 0o777 == 0o644
    gate.stop()
    assert samples(path.read_text())["up"] == 0
    assert gate.unload().returncode == 0


# -- doctor ----------------------------------------------------------------

def doctor(gate):
    """Its findings by kind, and its exit status."""
    done = cwmpgate(gate, "doctor")
    found = {kind: [] for kind in ("good", "odd", "BAD")}
    for kind, what in re.findall(r"^(good|odd|BAD) +(.*)$", done.stdout, re.M):
        found[kind].append(what)
    assert "secret of this device" not in done.stdout
    return found, done.returncode, done.stdout


def test_doctor_finds_nothing_bad(net, agent, gate):
    found, status, text = doctor(gate)
    assert found["BAD"] == [] and status == OK, text
    for what in ("the daemon runs", "nft and the kernel have all", "queue 7547 is the daemon's",
                 "cwmpgate-guard is in its sandbox", "cwmpgate-judge is in its sandbox",
                 "1 credentials, readable by root alone", "listens on port 7547"):
        assert any(what in line for line in found["good"]), text
    assert "without a daemon: nothing reaches the agent until" in text


@pytest.mark.parametrize("text, what", [
    ("acs:easycwmp\n", "well-known default"), ("acs:iopsys\n", "well-known default"),
    ("same:same\n", "well-known default")])
def test_doctor_default_passwords(net, unstarted_gate, text, what):
    unstarted_gate.write_credentials(text)
    found, status, text = doctor(unstarted_gate)
    assert status == FAILED and any(what in line for line in found["BAD"]), text


ICWMP = "config acs 'acs'\n\toption passwd 'iopsys'\nconfig cpe 'cpe'\n\toption userid '{}'\n" \
    "\toption passwd '{}'\n"
EASYCWMP = "config local\n\toption username '{}'\n\toption password {}\n" \
    "config acs\n\toption password easycwmp\n"


@pytest.mark.parametrize("name, text, kind, what", [
    ("cwmp", ICWMP.format("00D0D6-1", "iopsys"), "BAD", "password of icwmp is a well-known default"),
    ("cwmp", ICWMP.format("a", "only here"), "good", "password of icwmp is none that everybody knows"),
    ("cwmp", ICWMP.format("a", ""), "BAD", "icwmp has no user or no password, and answers every request with 503"),
    ("easycwmp", EASYCWMP.format("easycwmp", '"easycwmp"'), "BAD", "password of easycwmp is a well"),
    ("easycwmp", EASYCWMP.format("a", "only-here"), "good", "password of easycwmp is none"),
    ("easycwmp", "config acs\n", "BAD", "easycwmp has no user or no password, and takes any"),
])
def test_doctor_agents_own_password(net, unstarted_gate, name, text, kind, what):
    """Where OpenWrt's agents keep it, in an /etc that is this test's."""
    layers = net.dir / "layers"
    (net.dir / "word").write_text(text)
    done = net.router.run("sh", "-c", f"""\
mkdir {layers} && mount -t tmpfs tmpfs {layers} && mkdir {layers}/up {layers}/work &&
mount -t overlay overlay -o lowerdir=/etc,upperdir={layers}/up,workdir={layers}/work /etc &&
mkdir -p /etc/config && cp {net.dir}/word /etc/config/{name} &&
exec {COMMAND} -c {unstarted_gate.config} doctor""", check=False, env=gate_module.ENVIRONMENT)
    lines = re.findall(rf"^{kind} +(.*)$", done.stdout, re.M)
    assert any(f"/etc/config/{name}: " in x and what in x for x in lines), done.stdout + done.stderr
    assert "only here" not in done.stdout and "only-here" not in done.stdout


def test_doctor_credentials_others_read(net, unstarted_gate):
    unstarted_gate.write_credentials("acs:another secret\n", 0o644)
    found, status, text = doctor(unstarted_gate)
    assert status == FAILED and any("cannot be used" in line for line in found["BAD"])
    assert "another secret" not in text


def test_doctor_without_a_daemon(net, unstarted_gate):
    found, status, text = doctor(unstarted_gate)
    assert status == FAILED
    assert any("not running" in line for line in found["BAD"]), text
    assert "the rules are not in the kernel" in found["BAD"]
    assert "nobody listens on a guarded port" in found["odd"]
    assert "nobody has bound queue 7547" in found["good"]


def test_doctor_another_queue_owner(net, agent, gate):
    other = gate_module.Gate(net)		# asks a daemon that is not there
    other.config = net.dir / "other.conf"
    other.control = net.dir / "other"
    other.write_config()
    found, _, text = doctor(other)
    assert any(re.match(r"queue 7547 is held by port id \d+ \(cwmpgated\)", line)
               for line in found["BAD"]), text


FOREIGN = """
table inet fw4 {{
	chain input {{
		type filter hook input priority filter; policy drop;
		tcp dport 22 accept
		{}
	}}
}}
"""


@pytest.mark.parametrize("rule, kind, what", [
    ("", "odd", "table inet fw4 drops what it does not accept"),
    ("meta mark set 0x40000001", "BAD", "table inet fw4 sets the mark"),
    ("tcp dport 17547 accept", "odd", "table inet fw4 drops what it does not accept"),
    ("tcp dport 7547 accept; }; chain raw { type filter hook prerouting priority raw; notrack", "odd",
     "table inet fw4 takes packets out of connection tracking"),
    ("tcp dport 7547 accept; }; chain nat { type nat hook prerouting priority dstnat; "
     "tcp dport 8080 redirect to :7547", "odd", "table inet fw4 redirects a guarded port"),
    ("tcp dport 7547 accept", "good", "other tables, none in the way"),
])
def test_doctor_other_tables(net, agent, gate, rule, kind, what):
    foreign = net.dir / "foreign.nft"
    foreign.write_text(FOREIGN.format(rule))
    gate.host.run("nft", "-f", foreign)
    found, _, text = doctor(gate)
    gate.host.run("nft", "delete", "table", "inet", "fw4")
    assert any(what in line for line in found[kind]), text


def test_doctor_order_of_the_rules(net, agent, gate):
    """Our rule in iptables' chain has to come before those of others."""
    found, _, text = doctor(gate)
    order = next(line for line in found["good"] if line.startswith("order at input"))
    assert re.search(r"cwmpgate arrivals \(-160\), .*cwmpgate gate \(-5\)$", order), text
    gate.host.run("iptables-nft", "-t", "mangle", "-I", "INPUT", "1", "-p", "icmp", "-j", "ACCEPT")
    found, _, text = doctor(gate)
    gate.host.run("iptables-nft", "-t", "mangle", "-D", "INPUT", "1")
    assert any("chain INPUT another rule comes before" in line for line in found["odd"]), text


def test_doctor_backend(net, agent, gate):
    found, _, text = doctor(gate)
    assert any(re.match("backend (nft|iptables-nft):", line)
               for line in found["good"] + found["odd"]), text


@pytest.mark.parametrize("firewall", ["auto", "iptables"])
def test_status_of_many_addresses(net, unstarted_gate, firewall):
    """The first six, and how many there are."""
    gate = unstarted_gate
    gate.write_config(acs=[f"198.51.100.{i}" for i in range(0, 16, 2)], firewall=firewall)
    gate.start()
    row = next(line for line in good(gate, "status").splitlines() if line.startswith("acs "))
    assert re.fullmatch(r"acs +198\.51\.100\.\d+(/32)?(, 198\.51\.100\.\d+(/32)?){5} and 2 more", row)
    gate.stop()
    assert gate.unload().returncode == 0


@pytest.mark.config(daemon_down="open", overload="open")
def test_doctor_fail_mode(net, agent, gate):
    found, _, text = doctor(gate)
    assert sum("(daemon_down = \"open\")" in line or "passes unchecked" in line
               for line in found["odd"]) == 2, text


def test_doctor_as_json(net, agent, gate):
    found = as_json(gate, "doctor")
    assert found["bad"] == 0 and found["odd"] == len(
        [f for f in found["findings"] if f["result"] == "odd"])
    assert all(f["text"] for f in found["findings"])


def test_doctor_settings_of_the_kernel(net, agent, gate):
    gate.host.sysctl("net.ipv4.tcp_synack_retries", 1)
    found, _, text = doctor(gate)
    assert any("tcp_synack_retries = 1" in line for line in found["odd"]), text


def test_doctor_fallback_port(net, unstarted_gate):
    with net.router.listen(lab.ROUTER4, 7548):
        found, _, text = doctor(unstarted_gate)
    assert any("port 7548" in line for line in found["BAD"]), text
    with net.router.listen("127.0.0.1", 7547):
        found, _, text = doctor(unstarted_gate)
    assert any("of the loopback only" in line for line in found["odd"]), text


# -- replay ----------------------------------------------------------------

@pytest.fixture
def capture(net):
    with Capture(net) as running:
        yield running.finish


def traffic(net):
    """Good and bad requests, in one and in many segments, over both families."""
    for address in lab.ROUTER4, lab.ROUTER6:
        assert curl(net, address) == "200"
    for head in (POST, b"\x16\x03\x01", b"GET /other HTTP/1.1\r\nHost: c\r\n\r\n",
                 bare() + b"GET", bare().replace(b"Host", b"Hots"),
                 bare()[:-2] + b"Content-Length: 5\r\n\r\n"):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(head)
            with pytest.raises(ConnectionResetError):
                s.recv(1)
    challenge = get_challenge(net.acs, lab.ROUTER4)
    for password in ("wrong", gate_module.PASSWORD, gate_module.PASSWORD):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            ask(s, authorized(challenge, password=password))
    client = rawclient.RawClient(net)
    client.open()
    for byte in range(len(bare())):
        client.send(bare()[byte:byte + 1])
    assert status_of(client.answer()) == 401
    client.close()


@pytest.mark.parametrize("mode", ["enforce", "monitor"])
def test_replay_says_what_was_said(net, unstarted_gate, agent, capture, mode):
    gate = unstarted_gate
    gate.write_config(mode=mode)
    gate.start()
    if mode == "enforce":
        traffic(net)
    else:
        monitored(net)
    path = capture()
    said = reasons(good(gate, "events", "-n", "4000", "-o", "json"))
    assert reasons(good(gate, "replay", path, "-o", "json")) == said
    gate.stop()
    assert gate.unload().returncode == 0


def monitored(net):
    for address in lab.ROUTER4, lab.ROUTER6:
        assert curl(net, address) == "200"
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        ask(s, POST)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        for byte in range(len(bare())):
            s.sendall(bare()[byte:byte + 1])
        s.recv(1)


def test_replay_that_disagrees(net, agent, gate):
    """What is compared after every test (replayed.py) can differ."""
    assert curl(net, lab.ROUTER4) == "200"
    refuse_one(net, gate)
    lab.wait_until(lambda: not gate.record.differences(), "the same", 3)
    path = gate.record.tap.path
    captured = path.read_bytes()
    for was, is_now in (b"POST /UD", b"POST /UX"), (b"GET /cr", b"GET /xx"):
        assert was in captured
        path.write_bytes(captured.replace(was, is_now))
        assert len(gate.record.differences()) >= 1
    path.write_bytes(captured)


def test_replay_words(net, agent, gate, capture):
    assert curl(net, lab.ROUTER4) == "200"
    with pytest.raises(OSError):
        net.acs.connect(lab.ROUTER4, 7547, lab.NEIGHBOUR4, seconds=0.3)
    with pytest.raises(OSError):
        net.acs.connect(lab.ROUTER4, 22, seconds=0.3)
    path = capture()
    text = good(gate, "replay", path)
    assert re.search(r": delivered AUTHENTICATED: ", text)
    assert re.search(r"^ +[1-9]\d* +not_acs +dropped by the rules", text, re.M)
    assert re.search(r"^ +1 +AUTHENTICATED +request with", text, re.M)
    assert "; 0 others" not in text
    assert "passed SYN_ACK" in good(gate, "replay", "-v", path)
    assert "AUTHENTICATED" not in good(gate, "replay", path, "tcp", "port", "80")
    assert cwmpgate(gate, "replay", path, "colour", "red").returncode == FAILED
    assert cwmpgate(gate, "replay", net.dir / "nothing").returncode == FAILED
    assert cwmpgate(gate, "replay", gate.config).returncode == FAILED
    assert cwmpgate(gate, "replay").returncode == USAGE


# -- manual and completion -------------------------------------------------

PAGES = ["cwmpgate.8", "cwmpgated.8", "cwmpgate.conf.5"]
MANUAL = lab.REPO / "docs/man"


def test_manual_is_up_to_date(tmp_path):
    """What is made of the program's tables is in the pages as `make man` makes it."""
    for page in PAGES:
        (tmp_path / page).write_text((MANUAL / page).read_text())
    subprocess.run(["make", "-s", "-C", lab.REPO, "build/tables"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([MANUAL / "update", tmp_path], check=True)
    for page in PAGES:
        assert (tmp_path / page).read_text() == (MANUAL / page).read_text(), "make man"


@pytest.mark.parametrize("page", PAGES)
def test_manual_is_clean(page):
    for argv in (["mandoc", "-T", "lint", "-W", "warning", MANUAL / page],
                 ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", MANUAL / page]):
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
                              check=False)
        said = done.stderr + (done.stdout if argv[0] == "mandoc" else "")
        assert done.returncode == 0 and said == "", said


def commands(gate):
    return re.findall(r"^  ([a-z]+) ", good(gate, "-h"), re.M)


def test_manual_and_completion_know_every_command(net, unstarted_gate):
    page = (MANUAL / "cwmpgate.8").read_text()
    for command in commands(unstarted_gate):
        assert f"\n.It Cm {command}" in page
    completion = lab.REPO / "docs/completion/cwmpgate"
    done = subprocess.run(
        ["bash", "-c", f"source {completion}; COMP_WORDS=(cwmpgate ''); COMP_CWORD=1; _cwmpgate; "
         'echo "${COMPREPLY[@]}"; COMP_WORDS=(cwmpgate -c x mode m); COMP_CWORD=4; _cwmpgate; '
         'echo "${COMPREPLY[@]}"'], check=True, text=True, stdout=subprocess.PIPE)
    first, second = done.stdout.splitlines()
    assert set(commands(unstarted_gate)) | {"-c", "-o", "-h", "-V"} == set(first.split())
    assert second == "monitor"
