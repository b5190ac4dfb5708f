# SPDX-License-Identifier: GPL-2.0-or-later
"""The log: standard error, the journal, syslog, and the file of JSON lines.

systemd-journald and busybox's syslogd are real; each runs in a mount namespace
with a /run or /dev of its own.
"""

import contextlib
import json
import os
import re
import signal
import socket

import pytest

import gate as gate_module
import lab
from gate import ENVIRONMENT, PASSWORD
from heads import ask, authorized, get_challenge, status_of
from replayed import NEW_CREDENTIALS, RELOADED
from test_cli import cwmpgate, good
from test_good import curl

POST = b"POST /UD/act?secret=42 HTTP/1.1\r\nHost: cpe\r\n\r\n"

JOURNALD = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
mount -t cgroup2 cgroup2 /sys/fs/cgroup
(/lib/systemd/systemd-journald </dev/null >/dev/null 2>&1 &)
until [ -S /run/systemd/journal/socket ]; do sleep 0.05; done
export JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr)
exec "$@"
"""

PRIVATE_DEV = """
mkdir -p "$0"
mount -t tmpfs tmpfs "$0"
cp -a /dev/null /dev/zero /dev/random /dev/urandom "$0"
mount --bind "$0" /dev
rm -rf /run/systemd/journal
"""


def refuse(net, gate, n=1):
    for _ in range(n):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(POST)
            with pytest.raises(ConnectionResetError):
                s.recv(1)
    gate.expect("NOT_GET", n=n)


def lines(gate, text):
    return [x for x in gate.log().splitlines() if text in x]


def wait_for_lines(gate, text, n=1):
    lab.wait_until(lambda: len(lines(gate, text)) >= n, lambda: f"{text}: {gate.log()}", 3)
    return lines(gate, text)


# -- what is logged ----------------------------------------------------------

def test_lines(net, agent, gate):
    """One for each decision, with what was asked but not its query."""
    refuse(net, gate)
    assert re.fullmatch(r"192\.0\.2\.10 port \d+ to 7547: refused NOT_GET: request is not a GET "
                        r"\(byte 0\); POST /UD/act\?\.\. HTTP/1\.1",
                        wait_for_lines(gate, "NOT_GET")[0])
    assert curl(net, lab.ROUTER6) == "200"
    assert "delivered AUTHENTICATED" in wait_for_lines(gate, "AUTHENTICATED")[0]
    assert not lines(gate, "SYN_ACK") and not lines(gate, "DEFERRED")


@pytest.mark.config(log_rate="2/h burst 2", malformed="100/s burst 100")
def test_rate(net, agent, gate):
    """Each reason has its own; what is left out is counted and told."""
    refuse(net, gate, 9)
    assert curl(net, lab.ROUTER4) == "200"
    wait_for_lines(gate, "AUTHENTICATED")
    assert len(lines(gate, "NOT_GET")) == 2
    gate.stop()
    assert len(lines(gate, "NOT_GET")) == 3
    assert lines(gate, "NOT_GET: 7 more like it were not logged")


@pytest.mark.config(malformed="1/h burst 1", ban=60)
def test_ban(net, agent, gate):
    for _ in range(2):
        refuse(net, gate)
    assert "banned for 60 s" in wait_for_lines(gate, "NOT_GET", 2)[1]


@pytest.mark.config(mode="monitor")
def test_monitor(net, agent, unstarted_gate):
    gate = unstarted_gate.start()
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        s.sendall(POST)
        s.settimeout(1)
        s.recv(100)
    assert "would be refused NOT_GET" in wait_for_lines(gate, "NOT_GET")[0]


# -- the file ----------------------------------------------------------------

@pytest.fixture
def filed(net, agent, unstarted_gate):
    unstarted_gate.file = net.dir / "log.json"
    unstarted_gate.write_config(log_file=str(unstarted_gate.file))
    return unstarted_gate.start()


def records(file):
    return [json.loads(x) for x in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.not_replayed(RELOADED)
def test_file_and_rotation(net, filed):
    """Lines as `events` has them; a new file on SIGUSR1, and nothing is lost."""
    refuse(net, filed)
    assert curl(net, lab.ROUTER4) == "200"
    lab.wait_until(lambda: [r["reason"] for r in records(filed.file)] ==
                   ["NOT_GET", "NO_CREDENTIALS", "AUTHENTICATED"], "written", 3)
    events = [json.loads(x) for x in good(filed, "-o", "json", "events").splitlines()]
    for record, event in zip(records(filed.file), events):
        assert {k: v for k, v in event.items() if k != "id"} == \
            {k: v for k, v in record.items() if k != "id"}
    assert filed.file.stat().st_mode & 0o777 == 0o640
    old = filed.file.with_name("log.json.1")
    filed.file.rename(old)
    refuse(net, filed)
    lab.wait_until(lambda: len(records(old)) == 4, "the old one, until it is told", 3)
    filed.signal(signal.SIGUSR1)
    lab.wait_until(filed.file.exists, "a new one", 3)
    refuse(net, filed)
    lab.wait_until(lambda: len(records(filed.file)) == 1, "written", 3)
    assert len(records(old)) == 4 and filed.alive()


def test_logrotate(net, filed):
    """The file that is installed; what it says to systemd comes to the daemon from us."""
    (net.dir / "bin").mkdir()
    systemctl = net.dir / "bin/systemctl"
    systemctl.write_text('#!/bin/sh\n[ "$*" = "kill --kill-who=main --signal=USR1 cwmpgate.service" ]'
                         f' && kill -USR1 {filed.process.pid}\n')
    systemctl.chmod(0o755)
    rules = net.dir / "logrotate.conf"
    rules.write_text((lab.REPO / "packaging/systemd/cwmpgate.logrotate").read_text().replace(
        "/var/log/cwmpgate", str(net.dir)))
    rules.chmod(0o644)
    refuse(net, filed)
    lab.wait_until(lambda: len(records(filed.file)) == 1, "written", 10)
    for n in 1, 2:
        done = net.router.run("logrotate", "-f", "-s", net.dir / "rotated", rules, check=False,
                              env={**ENVIRONMENT, "PATH": f"{net.dir}/bin:{os.environ['PATH']}"})
        assert (done.returncode, done.stderr) == (0, "")
        lab.wait_until(filed.file.exists, "a new one", 10)
        refuse(net, filed)
        lab.wait_until(lambda: len(records(filed.file)) == 1, "written", 10)
        assert len(records(filed.file.with_name("log.json.1"))) == 1
    assert filed.file.with_name("log.json.2.gz").exists() and filed.alive()


@pytest.mark.not_replayed(RELOADED)
def test_file_that_cannot_be(net, agent, unstarted_gate):
    """The gate works without, and says so."""
    unstarted_gate.write_config(log_file="/nonexistent/log.json")
    gate = unstarted_gate.start()
    assert "log_file: /nonexistent/log.json: No such file" in gate.log()
    refuse(net, gate)
    gate.write_config(log_file=str(net.dir / "link"))
    (net.dir / "link").symlink_to(net.dir / "elsewhere")
    gate.signal(signal.SIGHUP)
    lab.wait_until(lambda: "link: Too many levels" in gate.log(), "refused", 3)
    assert not (net.dir / "elsewhere").exists()


# -- no secret ---------------------------------------------------------------

@pytest.mark.not_replayed(NEW_CREDENTIALS)
def test_no_secret(net, agent, filed):
    """Whatever is asked, and however it fails: no part of a proof is in any log."""
    secrets = {PASSWORD, "hunter2", "s3cret"}
    for user, password in ("acs", PASSWORD), ("acs", "hunter2"), ("s3cret", "x"):
        head = authorized(get_challenge(net.acs, lab.ROUTER4), user=user, password=password)
        secrets |= set(re.findall(rb'(?:c?nonce|response|opaque)="([^"]+)"', head))
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            assert status_of(ask(s, head)) == (200 if password == PASSWORD else 401)
    for spoiled in (head.replace(b"GET", b"POST"), head.replace(b"qop=auth", b"qop=none"),
                    head.replace(b" HTTP/1.1", b"?password=hunter2 HTTP/1.1", 1),
                    head.replace(b"GET /", b"GET hunter2/"), head[:-2] + b"Cookie: hunter2\r\n\r\n",
                    b"GET /cr HTTP/1.1\r\nAuthorization: Basic aHVudGVyMg==\r\nHost: c\r\n\r\n"):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(spoiled)
            s.settimeout(1)
            try:
                s.recv(4096)
            except OSError:
                pass
    filed.write_credentials("acs\ns3cret\n")
    lab.wait_until(lambda: "stay in use" in filed.log(), "refused", 3)
    filed.config.write_text(filed.config.read_text() + '\ncredentials = "acs:s3cret";\npass = "s3cret";\n')
    filed.signal(signal.SIGHUP)
    lab.wait_until(lambda: "reload: refused" in filed.log(), "refused", 3)
    lab.wait_until(lambda: len(records(filed.file)) >= 10, lambda: f"{records(filed.file)}", 3)
    secrets = {s.decode() if isinstance(s, bytes) else s for s in secrets} | {"aHVudGVyMg"}
    written = filed.log() + filed.file.read_text() + filed.status_file.read_text()
    assert len(secrets) > 8 and not [s for s in secrets if s in written]


# -- where it goes -----------------------------------------------------------

def start_with(gate, script, zeroth, *more):
    """The daemon behind @script; its own log says nothing."""
    gate.process = gate.host.spawn(
        "sh", "-ec", script, zeroth, gate_module.DAEMON, "-c", gate.config, "-s", gate.status_file,
        "-w", gate.written_file, *more, stdout=open(gate.log_file, "w"),
        stderr=open(gate.log_file, "a"), env=ENVIRONMENT)
    lab.wait_until(lambda: gate.control.exists() and cwmpgate(gate, "status").returncode == 0,
                   lambda: f"it runs: {gate.log()}", 15)


def inside(gate, *argv):
    return gate.host.run("nsenter", "-t", gate.process.pid, "-m", *argv, check=False).stdout


def journal(gate):
    text = inside(gate, "journalctl", "-q", "-D", "/run/log/journal", "-o", "json", "--no-pager",
                  "SYSLOG_IDENTIFIER=cwmpgated")
    return [json.loads(x) for x in text.splitlines()]


@pytest.mark.config(malformed="1/h burst 1", ban=60)
def test_journal(net, agent, unstarted_gate):
    """The native form, with fields to search by; also what the daemon says by itself."""
    gate = unstarted_gate
    start_with(gate, JOURNALD, "journal", "-f")
    refuse(net, gate, 2)
    entries = lab.wait_until(lambda: [e for e in journal(gate) if "CWMPGATE_REASON" in e][1:] and
                             journal(gate), lambda: f"{journal(gate)}", 5)
    first, second = [e for e in entries if e.get("CWMPGATE_REASON") == "NOT_GET"]
    assert first["PRIORITY"] == "5" and second["PRIORITY"] == "4"
    assert first["CWMPGATE_SOURCE"] == lab.ACS4 and first["CWMPGATE_PORT"] == "7547"
    assert first["CWMPGATE_ACTION"] == "refused" and first["CWMPGATE_BYTE"] == "0"
    assert first["CWMPGATE_REQUEST"] == "POST /UD/act?.. HTTP/1.1"
    assert second["CWMPGATE_BAN_SECONDS"] == "60"
    assert "refused NOT_GET" in first["MESSAGE"] and first["_TRANSPORT"] == "journal"
    assert any("ready, mode enforce" in e["MESSAGE"] for e in entries)
    assert "NOT_GET" not in gate.log()
    gate.config.write_text('mode = "lenient";\n')
    gate.signal(signal.SIGHUP)
    lab.wait_until(lambda: any("reload: refused" in e["MESSAGE"] for e in journal(gate)), "told", 5)


def pid_of(net, name):
    """The process of that name on the router, also one in the background."""
    for pid in net.router.run("ip", "netns", "pids", net.router.name).stdout.split():
        if lab.name_of(pid) == name[:15]:
            return int(pid)
    return None


@contextlib.contextmanager
def background(net, gate, script):
    """The daemon without -f, in a /dev of its own."""
    start_with(gate, PRIVATE_DEV + script + 'exec "$@"', net.dir / "dev")
    try:
        assert gate.process.wait(5) == 0
        yield
    finally:
        os.kill(pid_of(net, "cwmpgated"), signal.SIGTERM)
        lab.wait_until(lambda: not pid_of(net, "cwmpgated"), "it ends", 5)


def test_syslog(net, agent, unstarted_gate):
    """syslogd gets all, also a child's last words."""
    gate, log = unstarted_gate, net.dir / "syslog"
    with background(net, gate, f"""
busybox syslogd -O {log} </dev/null >/dev/null 2>&1
until [ -S /dev/log ]; do sleep 0.05; done
"""):
        refuse(net, gate)
        lab.wait_until(lambda: re.search(
            r"daemon\.notice cwmpgated\[\d+\]: 192\.0\.2\.10 port \d+ to 7547: refused NOT_GET: ",
            log.read_text()), log.read_text, 5)
        assert "ready, mode enforce" in log.read_text()
        os.kill(pid_of(net, "cwmpgate-judge"), signal.SIGKILL)
        lab.wait_until(lambda: "cwmpgate-judge ended by signal 9" in log.read_text(), "told", 5)
    assert "NOT_GET" not in gate.log()


@pytest.mark.config(log_rate="1000/s", malformed="1000/s burst 1000")
def test_logger_that_hangs(net, agent, unstarted_gate):
    """Its queue is full: lines are lost, and nobody waits."""
    gate, path = unstarted_gate, net.dir / "hung"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hung:
        hung.bind(str(path))
        hung.settimeout(0.2)
        with background(net, gate, f"touch /dev/log\nmount --bind {path} /dev/log\n"):
            refuse(net, gate, 40)
            assert curl(net, lab.ROUTER4) == "200"
            told = b"".join(read_all(hung))
            assert 1 <= told.count(b"NOT_GET") < 40
        assert b"lines found no logger" in b"".join(read_all(hung))


def read_all(sock):
    with contextlib.suppress(TimeoutError, socket.timeout):
        while True:
            yield sock.recv(1 << 16)
