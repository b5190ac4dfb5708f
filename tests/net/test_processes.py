# SPDX-License-Identifier: GPL-2.0-or-later
"""The three processes: what each may do, and what happens when one fails."""

import os
import pathlib
import signal
import time

import pytest

import lab
from replayed import NEW_CREDENTIALS, RELOADED, RESTARTED
from test_good import curl

CHILDREN = ["cwmpgate-guard", "cwmpgate-judge"]
CAP_NET_ADMIN = 12


def facts(pid):
    """The lines of /proc/PID/status as a dictionary."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (x.partition(":") for x in lines)}


def descriptors(pid):
    return {int(fd.name): os.readlink(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir()}


def served(net):
    return curl(net, lab.ROUTER4) == "200"


@pytest.mark.parametrize("name", CHILDREN)
def test_identity(net, agent, gate, name):
    pid = gate.processes()[name]
    status = facts(pid)
    caps = 1 << CAP_NET_ADMIN if name == "cwmpgate-guard" else 0
    assert status["Seccomp"] == ["2"]
    assert status["NoNewPrivs"] == ["1"]
    assert "0" not in status["Uid"] + status["Gid"]
    assert status["Groups"] == []
    assert int(status["CapEff"][0], 16) == int(status["CapPrm"][0], 16) == caps
    for other in "CapInh", "CapBnd", "CapAmb":
        assert int(status[other][0], 16) == 0
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert any(x.split()[:5] == ["Max", "core", "file", "size", "0"] for x in limits.splitlines())


def test_identities_differ(net, agent, gate):
    uids = {facts(pid)["Uid"][0] for pid in gate.processes().values()}
    assert len(uids) == 3


def test_judge_holds_one_socket(net, agent, gate):
    held = descriptors(gate.processes()["cwmpgate-judge"])
    assert [fd for fd in held if fd > 2] == [3]
    assert held[3].startswith("socket:")


def test_guard_holds_what_it_was_given(net, agent, gate):
    held = descriptors(gate.processes()["cwmpgate-guard"])
    assert sorted(fd for fd in held if fd > 2) == [3, 4, 5, 6, 7, 8]
    assert "memfd:cwmpgate" in held[7]


def test_secrets_are_in_no_command_line_or_environment(net, agent, gate):
    for pid in gate.processes().values():
        for name in "cmdline", "environ":
            assert b"secret of this device" not in pathlib.Path(f"/proc/{pid}/{name}").read_bytes()


@pytest.mark.not_replayed(RESTARTED)
@pytest.mark.parametrize("name", CHILDREN)
def test_killed_child_comes_back(net, agent, gate, name):
    before = gate.processes()
    os.kill(before[name], signal.SIGKILL)
    lab.wait_until(lambda: len(gate.processes()) == 3 and gate.processes()[name] != before[name],
                   "a new one", 3)
    lab.wait_until(lambda: served(net), "served again", 3)
    assert gate.alive()


@pytest.mark.not_replayed(RESTARTED)
@pytest.mark.parametrize("name", CHILDREN)
def test_hanging_child_is_replaced(net, agent, gate, name):
    """The guard by its heartbeat; the judge by the first question it leaves unanswered."""
    before = gate.processes()[name]
    os.kill(before, signal.SIGSTOP)
    if name == "cwmpgate-judge":
        assert curl(net, lab.ROUTER4) != "200"
        gate.expect("JUDGE_SILENT")
    lab.wait_until(lambda: gate.processes().get(name) not in (None, before), "a new one", 5)
    lab.wait_until(lambda: served(net), "served again", 3)


def test_children_die_with_the_daemon(net, agent, gate):
    children = [pid for name, pid in gate.processes().items() if name in CHILDREN]
    gate.kill()
    lab.wait_until(lambda: not any(os.path.exists(f"/proc/{pid}/fd/0") for pid in children),
                   "both are gone", 2)


@pytest.mark.not_replayed(RESTARTED)
def test_counters_survive_a_child(net, agent, gate):
    assert served(net)
    gate.expect("AUTHENTICATED")
    os.kill(gate.processes()["cwmpgate-guard"], signal.SIGKILL)
    lab.wait_until(lambda: served(net), "served again", 3)
    lab.wait_until(lambda: gate.status()[0].get("AUTHENTICATED") == 2, "both are counted", 2)


@pytest.mark.not_replayed(RELOADED)
def test_reload_takes_a_new_configuration(net, agent, gate):
    assert served(net)
    gate.write_config(path="/another")
    gate.signal(signal.SIGHUP)
    lab.wait_until(lambda: "reloaded" in gate.log(), "reloaded", 3)
    assert curl(net, lab.ROUTER4) != "200"
    gate.expect("WRONG_PATH")


def test_reload_of_a_broken_configuration_changes_nothing(net, agent, gate):
    before, rules = gate.processes(), net.router.run("nft", "list", "ruleset").stdout
    gate.config.write_text('mode = "enforce";\nacs = [ "192.0.2.300" ];\n')
    gate.signal(signal.SIGHUP)
    lab.wait_until(lambda: "reload: refused" in gate.log(), "refused", 3)
    assert f"{gate.config}:2:9: acs" in gate.log()
    assert gate.processes() == before
    assert strip_counters(net.router.run("nft", "list", "ruleset").stdout) == strip_counters(rules)
    assert served(net)


def strip_counters(ruleset):
    return [x for x in ruleset.splitlines() if "packets" not in x and "expires" not in x]


@pytest.mark.not_replayed(NEW_CREDENTIALS)
def test_credentials_are_watched(net, agent, gate):
    """A new file under the old name; the old password has its time of grace."""
    new = gate.credentials.with_name("new")
    new.write_text("acs:another secret\n")
    new.chmod(0o600)
    new.rename(gate.credentials)
    lab.wait_until(lambda: "1 read anew" in gate.log(), "noticed", 3)
    assert served(net)
    gate.write_credentials("no colon here\n")
    lab.wait_until(lambda: "stay in use" in gate.log(), "noticed", 3)
    assert served(net)


@pytest.mark.not_replayed(NEW_CREDENTIALS)
@pytest.mark.config(credentials_grace=3)
def test_password_change_while_requests_run(net, agent, gate):
    """None is lost within the time of grace; after it the old password is none."""
    assert served(net)
    end = time.monotonic() + 3
    gate.write_credentials("acs:another secret\n")
    within = 0
    while (good := served(net)) and time.monotonic() < end:
        within += 1
    assert within and (good or time.monotonic() > end), f"after {within} requests"
    lab.wait_until(lambda: "1 read anew" in gate.log(), "noticed", 3)
    lab.wait_until(lambda: curl(net, lab.ROUTER4) and "DIGEST_WRONG" in gate.status()[0],
                   "the grace is over", 5)
    before = gate.status()[0]["AUTHENTICATED"]
    for _ in range(3):
        curl(net, lab.ROUTER4)
    assert gate.status()[0]["AUTHENTICATED"] == before


@pytest.mark.not_replayed(NEW_CREDENTIALS)
@pytest.mark.parametrize("then", ["written again", "judge killed", "reloaded"])
def test_grace_outlives(net, agent, gate, then):
    """Neither the same file again nor a new judge ends the time of the old password."""
    gate.write_credentials("acs:another secret\n")
    lab.wait_until(lambda: "1 read anew" in gate.log(), "noticed", 3)
    if then == "written again":
        gate.write_credentials("acs:another secret\n")
        lab.wait_until(lambda: gate.log().count("1 read anew") > 1, "noticed again", 3)
    elif then == "judge killed":
        os.kill(gate.processes()["cwmpgate-judge"], signal.SIGKILL)
        lab.wait_until(lambda: "starting guard and judge again" in gate.log(), "restarted", 3)
    else:
        gate.signal(signal.SIGHUP)
        lab.wait_until(lambda: "reloaded" in gate.log(), "reloaded", 3)
    lab.wait_until(lambda: served(net), "served", 3)
    assert gate.status()[0].get("DIGEST_WRONG") is None


@pytest.mark.not_replayed(NEW_CREDENTIALS)
@pytest.mark.config(credentials_grace=0)
def test_old_password_after_the_grace(net, agent, gate):
    gate.write_credentials("acs:another secret\n")
    lab.wait_until(lambda: "1 read anew" in gate.log(), "noticed", 3)
    curl(net, lab.ROUTER4)
    gate.expect("DIGEST_WRONG")


@pytest.mark.config(malformed="1/h burst 2", ban=2)
def test_ban_in_the_kernel_and_its_end(net, agent, gate):
    """The third spoiled connection bans the source; the kernel unbans it."""
    def spoil():
        with net.acs.connect(lab.ROUTER4, 7547, seconds=1) as s:
            s.sendall(b"POST / HTTP/1.1\r\n\r\n")
            s.recv(1)
    for _ in range(3):
        with pytest.raises(ConnectionResetError):
            spoil()
    lab.wait_until(lambda: "192.0.2.10" in net.router.run(
        "nft", "list", "set", "inet", "cwmpgate", "ban4").stdout, "banned", 2)
    with pytest.raises(OSError):
        net.acs.connect(lab.ROUTER4, 7547, seconds=0.5)
    lab.wait_until(lambda: served(net), "unbanned", 6)
