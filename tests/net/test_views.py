# SPDX-License-Identifier: GPL-2.0-or-later
"""What cwmpgate shows of the running gate: explain, flows, learn, top, and JSON of it all."""

import json
import re

import pytest

import gate as gate_module
import lab
from capture import Capture
from command import COMMAND, DOWN, FAILED, USAGE, as_json, cwmpgate, good, refuse_one
from heads import ask, authorized, bare, get_challenge, status_of
from replayed import MONITOR, RELOADED
from test_good import curl, url
from tmux import Terminal


def refused(net, head, port=7547):
    with net.acs.connect(lab.ROUTER4, port) as s:
        s.sendall(head)
        with pytest.raises(ConnectionResetError):
            s.recv(1)


def terminal(gate, *words, **options):
    return Terminal(gate.host, gate.net.dir, COMMAND, "-c", gate.config, *words,
                    env=gate_module.ENVIRONMENT, **options)


# -- explain ---------------------------------------------------------------

def checks(text):
    """What `explain` says of each check, in its order."""
    return re.findall(r"^  (ok|FAILED|-) +([a-z]+)  ", text, re.M)


STAGES = ["rules", "packet", "room", "connection", "time", "head", "path", "attempts", "digest",
          "requests", "agent"]


def results(failed):
    """Every check before @failed was good; none behind it was reached."""
    at = STAGES.index(failed)
    return [("ok" if i < at else "FAILED" if i == at else "-", s) for i, s in enumerate(STAGES)]


def test_explain(net, agent, gate):
    assert good(gate, "explain") == "nothing was refused\n"
    refuse_one(net, gate)
    refuse_one(net, gate)
    text = good(gate, "explain")
    assert re.search(r"^#\d+ 192\.0\.2\.10 port \d+ to 7547, 0 s ago: refused NOT_GET$", text, re.M)
    assert checks(text) == results("head")
    assert "request is not a GET (byte 0, counted from 0)" in text
    assert "what to do: nothing: a connection" in text
    assert "  request: POST /UD/act?.. HTTP/1.1\n" in text
    assert "2 times in a row" in good(gate, "explain", lab.ACS4)
    assert "nothing of it was refused" in good(gate, "explain", lab.ACS4_B)
    assert "\033" not in text


def test_explain_each_check(net, agent, gate):
    """The check that failed, and the setting where it stands."""
    refused(net, b"GET /other HTTP/1.1\r\nHost: cpe\r\n\r\n")
    gate.expect("WRONG_PATH")
    text = good(gate, "explain", "last")
    assert checks(text) == results("path")
    assert f'path = "/cr";  ({gate.config}:4)' in text

    challenge = get_challenge(net.acs, lab.ROUTER4)
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        ask(s, authorized(challenge, password="wrong"))
    gate.expect("DIGEST_WRONG")
    text = good(gate, "explain")
    assert checks(text) == results("digest")
    assert f"({gate.config}:10)" in text and "compare the credentials" in text

    with net.acs.connect(lab.ROUTER4, 7547) as s:
        with pytest.raises(ConnectionResetError):
            s.recv(1)
    gate.expect("FIRST_BYTE_LATE")
    assert checks(good(gate, "explain")) == results("time")


@pytest.mark.config(attempts="3/min burst 3", requests="1/min burst 1")
def test_explain_budgets(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    assert curl(net, lab.ROUTER4) == "503"
    gate.expect("OVER_REQUESTS")
    text = good(gate, "explain")
    assert checks(text) == results("requests") and 'requests = "1/min burst 1";' in text
    for _ in range(4):
        with net.acs.connect(lab.ROUTER4, 7547) as s:
            s.sendall(bare())
            try:
                s.recv(1)
            except ConnectionResetError:
                break
    gate.expect("OVER_ATTEMPTS")
    text = good(gate, "explain")
    assert checks(text) == results("attempts") and 'attempts = "3/min burst 3";' in text


def test_explain_by_number(net, agent, gate):
    assert curl(net, lab.ROUTER4) == "200"
    refuse_one(net, gate)
    numbers = {e["reason"]: e["id"] for e in map(
        json.loads, good(gate, "-o", "json", "events").splitlines())}
    text = good(gate, "explain", str(numbers["AUTHENTICATED"]))
    assert checks(text) == [("ok", s) for s in STAGES]
    text = good(gate, "explain", f"#{numbers['NO_CREDENTIALS']}")
    assert checks(text)[-3:] == [("ok", "digest"), ("-", "requests"), ("-", "agent")]
    done = cwmpgate(gate, "explain", "4711")
    assert done.returncode == FAILED and "not among the latest" in done.stderr
    assert cwmpgate(gate, "explain", "yesterday").returncode == USAGE


def test_explain_who_is_no_acs(net, agent, gate):
    text = good(gate, "explain", lab.STRANGER4)
    assert "in no prefix of acs" in text
    assert re.search(rf"acs = \[ .* \];  \({gate.config}:2\)", text)
    assert "in no prefix of acs" in good(gate, "explain", lab.STRANGER6)
    good(gate, "ban", lab.ACS6, "60")
    assert "is banned" in good(gate, "explain", lab.ACS6)
    told = as_json(gate, "explain", lab.STRANGER4)
    assert told["checks"][0]["result"] == "failed" and told["checks"][0]["line"] == 2


def test_explain_as_json(net, agent, gate):
    refuse_one(net, gate)
    told = as_json(gate, "explain")
    assert told["reason"] == "NOT_GET" and told["times"] == 1 and told["remedy"]
    assert [c["check"] for c in told["checks"]] == STAGES
    assert [c["result"] for c in told["checks"]][4:7] == ["ok", "failed", "not reached"]
    acs = told["checks"][0]
    assert (acs["setting"], acs["file"], acs["line"]) == ("acs", str(gate.config), 2)


# -- flows -----------------------------------------------------------------

def test_flows(net, agent, gate):
    assert good(gate, "flows") == "0 connections\n"
    half = net.acs.connect(lab.ROUTER4, 7547)
    half.sendall(b"GET /cr HT")
    quiet = net.acs.connect(lab.ROUTER6, 30005, lab.ACS6)
    lab.wait_until(lambda: len(as_json(gate, "flows")) == 2, "both", 1.5)
    found = {f["src_ip"]: f for f in as_json(gate, "flows")}
    one, other = found[lab.ACS4], found[lab.ACS6]
    assert (one["src_port"], one["dest_ip"], one["dest_port"]) == (
        half.getsockname()[1], lab.ROUTER4, 7547)
    assert one["state"] == "reading" and one["head_bytes"] == 10 and one["requests"] == 0
    assert 1000 < one["ends_in_ms"] <= 5000
    assert other["state"] == "reading" and other["head_bytes"] == 0
    assert (other["dest_ip"], other["dest_port"]) == (lab.ROUTER6, 30005)
    text = good(gate, "flows", lab.ACS4)
    assert text.count("\n192.0.2.10 port ") == 1 and "2001:db8" not in text
    assert "1 connection: 1 reading\n" in text and "a request head is arriving" in text
    half.close()
    quiet.close()
    lab.wait_until(lambda: "reading" not in good(gate, "flows"), "they ended", 3)


def test_flows_states(net, agent, gate):
    with net.acs.connect(lab.ROUTER4, 7547) as s:
        ask(s, bare())
        (flow,) = as_json(gate, "flows")
        assert flow["requests"] == 1 and flow["state"] in ("answering", "closed")
    refuse_one(net, gate)
    assert sorted(f["state"] for f in as_json(gate, "flows"))[-1] == "refused"
    facts = as_json(gate, "status")["connections"]
    assert facts["over"] >= 1 and facts["heads"] == 0
    gate.expect("FORGOTTEN", n=2, seconds=10)
    assert as_json(gate, "flows") == []


def test_flows_table_that_is_full(net, agent, gate):
    """Many connections, shown while others come and go: each answer is a whole one."""
    held = []
    for _ in range(150):
        held.append(net.acs.connect(lab.ROUTER4, 7547, lab.ACS4 if len(held) % 2 else lab.ACS4_B))
    ports = {(s.getsockname()[0], s.getsockname()[1]) for s in held}
    for _ in range(5):
        rows = as_json(gate, "flows")
        assert len({(r["src_ip"], r["src_port"]) for r in rows}) == len(rows)
        assert all(r["dest_port"] == 7547 and r["src_ip"] in (lab.ACS4, lab.ACS4_B) for r in rows)
    assert {(r["src_ip"], r["src_port"]) for r in rows} <= ports
    for s in held:
        s.close()


def test_flows_when_nobody_can_tell(net, agent, gate):
    good(gate, "mode", "block")
    done = cwmpgate(gate, "flows")
    assert done.returncode == FAILED and "do not run" in done.stderr
    gate.stop()
    assert cwmpgate(gate, "flows").returncode == DOWN


# -- learn -----------------------------------------------------------------

def parsed(gate, text):
    """The proposal as a configuration of its own, read by the daemon."""
    path = gate.net.dir / "learned.conf"
    path.write_text(text)
    return gate.host.run(COMMAND, "-c", path, "rules", "print", check=False,
                         env=gate_module.ENVIRONMENT)


@pytest.mark.not_replayed(MONITOR)
@pytest.mark.config(mode="monitor", acs=["192.0.2.11"])
def test_learn_the_acs(net, unstarted_gate, agent):
    gate = unstarted_gate.start()
    assert "nothing to propose" in good(gate, "learn")
    assert curl(net, lab.ROUTER4) == "200"
    assert curl(net, lab.ROUTER6) == "200"
    with net.stranger.connect(lab.ROUTER4_FAR, 7547) as s:
        ask(s, bare())
    gate.expect("AUTHENTICATED", n=2)
    gate.expect("NO_CREDENTIALS", n=3)
    before = gate.config.read_text(), gate.host.ruleset()
    text = good(gate, "learn")
    assert (gate.config.read_text(), gate.host.ruleset()) == before
    assert '\nacs = [ "192.0.2.11", "192.0.2.10", "2001:db8:1::/64" ];\n' in text
    assert f'# now: acs = [ "192.0.2.11" ];  ({gate.config}:2)' in text
    assert '\n# mode = "enforce";\n' in text and "nothing of who sent them was refused" in text
    assert re.search(r"^# 198\.51\.100\.66 +0 +1 +0 +0$", text, re.M)
    printed = parsed(gate, text)
    assert printed.returncode == 0 and "192.0.2.10" in printed.stdout, printed.stderr
    told = as_json(gate, "learn")
    assert {p["setting"]: p["sure"] for p in told["proposals"]} == {"acs": True, "mode": False}
    gate.stop()
    assert gate.unload().returncode == 0


@pytest.mark.config(mode="monitor", requests="1/min burst 1", unknown_fields="refuse")
def test_learn_leniency(net, unstarted_gate, agent):
    """What would have kept the ACS out, and what would let it in."""
    gate = unstarted_gate.start()
    for _ in range(4):
        assert curl(net, lab.ROUTER4) == "200"
    curl(net, lab.ROUTER4, 7547, "-H", "X-Proxy: 1")
    gate.expect("OVER_REQUESTS", n=3)
    gate.expect("FIELD_REFUSED")
    told = {p["setting"]: p for p in as_json(gate, "learn")["proposals"]}
    assert told["unknown_fields"]["value"] == '"strip"'
    assert re.fullmatch(r'"\d+/min burst \d+"', told["requests"]["value"])
    assert "not yet" in told["mode"]["because"] and not told["mode"]["sure"]
    assert "acs" not in told
    text = good(gate, "learn")
    assert parsed(gate, text).returncode == 0
    gate.stop()
    assert gate.unload().returncode == 0


@pytest.mark.parametrize("queues", [pytest.param(n, marks=pytest.mark.config(queues=n), id=str(n))
                                    for n in (1, 2)])
def test_learn_of_an_acs_with_many_addresses(net, agent, gate, queues):
    """With several queues nonce_bind = "any" would be refused, so it is not proposed."""
    for n in range(1, 4):
        head = authorized(get_challenge(net.acs, lab.ROUTER4))
        with net.acs.connect(lab.ROUTER4, 7547, lab.ACS4_B) as s:
            assert status_of(ask(s, head)) == 401
        gate.expect("NONCE_UNKNOWN", n=n)
    assert curl(net, lab.ROUTER4, 7547, "--interface", lab.ACS4_B) == "200"
    gate.expect("AUTHENTICATED")
    text = good(gate, "learn")
    assert ('\n# nonce_bind = "any";\n' in text) == (queues == 1), text
    # What is not sure is a comment; each line has to be one that the daemon takes.
    taken = "".join(re.findall(r"^(?:# )?(\w+ = .*;\n)", text, re.M))
    assert parsed(gate, gate.config.read_text() + taken).returncode == 0


@pytest.mark.config(mode="monitor", path="any")
def test_learn_the_path(net, unstarted_gate, agent):
    """From the daemon; one that is longer than what it keeps, from a capture."""
    gate = unstarted_gate.start()
    long_path = "/a-path-that-is-longer-than-what-is-kept-of-it"
    with Capture(net) as captured:
        assert curl(net, lab.ROUTER4) == "200"
        gate.expect("AUTHENTICATED")
        assert '\npath = "/cr";\n' in good(gate, "learn")
        assert net.acs.run("curl", "-sS", "--digest", "-u", "acs:the secret of this device", "-o",
                           "/dev/null", url(lab.ROUTER4, path=long_path)).returncode == 0
        gate.expect("AUTHENTICATED", n=2)
        assert '\npath = "/cr";\n' in good(gate, "learn")
        path = captured.finish()
    text = good(gate, "learn", path)
    assert f'\npath = [ "/cr", "{long_path}" ];\n' in text and str(path) in text
    assert f'# now: path = "any";  ({gate.config}:4)' in text
    assert parsed(gate, text).returncode == 0
    assert as_json(gate, "learn", path)["proposals"][0]["setting"] == "path"
    gate.stop()
    assert gate.unload().returncode == 0


@pytest.mark.config(mode="monitor", path="/another")
def test_learn_a_path_that_is_refused(net, unstarted_gate, agent):
    gate = unstarted_gate.start()
    curl(net, lab.ROUTER4)
    gate.expect("WRONG_PATH")
    text = good(gate, "learn")
    assert '\n# path = "/cr";\n' in text and "refused before they could prove" in text
    gate.stop()
    assert gate.unload().returncode == 0


@pytest.mark.config(mode="monitor", digest="off")
def test_learn_without_proof(net, unstarted_gate, agent):
    gate = unstarted_gate.start()
    assert curl(net, lab.ROUTER4) == "200"
    gate.expect("UNCHECKED", n=2)
    text = good(gate, "learn")
    assert "nobody can prove anything" in text and not re.search("^[^#\n]", text, re.M)
    gate.stop()
    assert gate.unload().returncode == 0


# -- JSON ------------------------------------------------------------------

@pytest.mark.not_replayed(RELOADED)
def test_json_everywhere(net, agent, gate):
    """Each command answers in JSON, and says in it when it failed."""
    refuse_one(net, gate)
    for words in (["status"], ["flows"], ["bans"], ["doctor"], ["explain"], ["learn"], ["check"],
                  ["metrics"], ["rules", "print"], ["top", "-n", "1"], ["events", "-n", "1"],
                  ["mode", "enforce"], ["reload"]):
        assert as_json(gate, *words) is not None, words
    for words in (["ban", "192.0.2.77", "60"], ["unban", "192.0.2.77"],
                  ["reload", "--confirm", "30"], ["confirm"]):
        assert json.loads(good(gate, *words, "-o", "json")) == {"ok": True}, words
    for words, status in ((["unban", "192.0.2.78"], FAILED), (["confirm"], FAILED)):
        done = cwmpgate(gate, "-o", "json", *words)
        told = json.loads(done.stdout)
        assert done.returncode == status and not told["ok"] and told["error"][-1] != "\n"
    assert "table inet cwmpgate" in as_json(gate, "rules", "print")["rules"]
    numbers = {(s["name"], tuple(s["labels"].values())): s["value"] for s in as_json(gate, "metrics")}
    assert numbers["cwmpgate_up", ()] == 1
    assert numbers["cwmpgate_verdicts_total", ("refuse", "not_get")] == 1
    bad = net.dir / "bad.conf"
    bad.write_text("colour = 1;\n")
    done = cwmpgate(gate, "-o", "json", "check", bad)
    assert done.returncode == USAGE and f"{bad}:1:1: unknown setting" in json.loads(
        done.stdout)["error"]


# -- on a terminal ---------------------------------------------------------

def test_top_on_a_terminal(net, agent, gate):
    refuse_one(net, gate)
    with terminal(gate, "top", rows=40) as t:
        text = t.wait_for(lambda s: "latest decisions" in s)
        assert re.search(r"^cwmpgate \S+  enforce, up ", text, re.M)
        assert re.search(r"^connections 0 of 768, handshakes 0 of 256", text, re.M)
        assert re.search(r"^ +[\d.]+ +1  NOT_GET +request is not a GET", text, re.M)
        half = net.acs.connect(lab.ROUTER4, 7547)
        half.sendall(b"GET /cr HT")
        t.wait_for(lambda s: re.search(rf"^192\.0\.2\.10 port {half.getsockname()[1]} +7547  reading",
                                       s, re.M))
        half.close()
        for _ in range(6):
            refuse_one(net, gate)
        t.wait_for(lambda s: re.search(r"^ +[1-9]\d*\.\d +7  NOT_GET", s, re.M))
        # Its lines are cut to what fits, and nothing scrolls.
        t.resize(60, 12)
        text = t.wait_for(lambda s: len(s.splitlines()) <= 12 and s.startswith("cwmpgate "))
        assert max(map(len, text.splitlines())) <= 60
        t.keys("q")
        text = t.wait_for(lambda s: "ended 0" in s)
        assert "latest decisions" not in text		# the screen is as it was


def test_top_survives_the_daemon(net, agent, gate):
    with terminal(gate, "top") as t:
        t.wait_for(lambda s: "enforce, up" in s)
        gate.stop()
        t.wait_for(lambda s: "cwmpgated is not running" in s and "enforce, up" not in s)
        gate.start()
        t.wait_for(lambda s: "enforce, up" in s)
        t.keys("C-c")
        t.wait_for(lambda s: "ended 0" in s)


def test_top_of_a_pipe(net, agent, gate):
    refuse_one(net, gate)
    text = good(gate, "top", "-n", "2")
    assert text.count("latest decisions") == 2 and "refused NOT_GET" in text
    assert "\033" not in text
    for wrong in (["-n", "x"], ["-n", "0"], ["-n"], ["now"]):
        assert cwmpgate(gate, "top", *wrong).returncode == USAGE


def test_events_follow_on_a_terminal(net, agent, gate):
    with terminal(gate, "events", "-f", columns=140) as t:
        assert curl(net, lab.ROUTER4) == "200"
        t.wait_for(lambda s: "delivered AUTHENTICATED" in s)
        refuse_one(net, gate)
        t.wait_for(lambda s: re.search(r"#\d+ 192\.0\.2\.10 port \d+ to 7547: refused NOT_GET", s))
        assert "\033[31mrefused" in t.screen(colours=True)
        t.keys("C-c")
        t.wait_for(lambda s: "ended 130" in s)
    with Terminal(gate.host, net.dir, "env", "NO_COLOR=1", COMMAND, "-c", gate.config, "events",
                  env=gate_module.ENVIRONMENT, columns=140) as t:
        t.wait_for(lambda s: "refused NOT_GET" in s)
        assert "\033[31m" not in t.screen(colours=True)


def test_events_follow_as_json(net, agent, gate):
    with open(net.dir / "events", "w") as out:
        follower = gate.host.spawn(COMMAND, "-c", gate.config, "events", "-f", "-o", "json",
                                   stdout=out)
    try:
        lab.wait_until(lambda: follower.poll() is None and curl(net, lab.ROUTER4) == "200", "one")
        refuse_one(net, gate)
        def seen():
            return [json.loads(line) for line in (net.dir / "events").read_text().splitlines()]
        lab.wait_until(lambda: any(e["reason"] == "NOT_GET" for e in seen()), "both")
        assert [e["id"] for e in seen()] == list(range(len(seen())))
    finally:
        lab.end(follower)


# -- completion ------------------------------------------------------------

def complete(gate, *words, **options):
    """What bash offers for the last of @words, and the whole command is known to it."""
    script = """
source "$1"; shift
PATH=$1:$PATH; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_cwmpgate; printf '%s\\n' "${COMPREPLY[@]}"
"""
    done = gate.host.run("bash", "-c", script, "bash", lab.REPO / "docs/completion/cwmpgate",
                         COMMAND.parent, "cwmpgate", *words, **options)
    assert done.stderr == ""
    return {w for w in done.stdout.splitlines() if w}


def test_completion(net, agent, gate):
    commands = re.findall(r"^  ([a-z]+) ", good(gate, "-h"), re.M)
    conf = ["-c", str(gate.config)]
    assert complete(gate, "") == {*commands, "-c", "-o", "-h", "-V"}
    assert complete(gate, "re") == {"reload", "replay"}
    assert complete(gate, "-o", "") == complete(gate, "events", "-o", "") == {"json"}
    assert complete(gate, *conf, "mode", "m") == {"monitor"}
    assert complete(gate, *conf, "mode", "monitor", "") == set()
    assert complete(gate, "rules", "") == {"print", "load", "unload"}
    assert complete(gate, "reload", "--confirm", "") == set()
    assert complete(gate, "-c", str(gate.config)[:-1]) == {str(gate.config)}
    assert complete(gate, "check", str(gate.config)[:-1]) == {str(gate.config)}
    assert complete(gate, "replay", "-v", str(gate.config)[:-1]) == {str(gate.config)}
    for command in commands:
        complete(gate, command, "")			# no error
    # What is known of the running gate.
    refuse_one(net, gate)
    good(gate, "ban", "192.0.2.77", "60")
    good(gate, "ban", lab.ACS6_B, "60")
    assert lab.ACS4 in complete(gate, *conf, "explain", "1")
    assert complete(gate, *conf, "unban", "") == {"192.0.2.77", "2001:db8:1::"}


def usages(gate):
    """Of each command its options, words and arguments, as `cwmpgate -h` has them."""
    found = re.findall(r"^  ([a-z]+) (.*?)  +\S", good(gate, "-h").split("\n\n")[1], re.M)
    return {name: {"options": set(re.findall(r"(?<!\w)--?[a-z]+", use)),
                   "words": set(re.findall(r"(?<![\w-])[a-z]+", use)),
                   "arguments": {w.lower() for w in re.findall(r"\b[A-Z]+\b", use)}}
            for name, use in found}


def documented(page):
    """The same, as the manual has it: mdoc's Fl, Cm and Ar, and what follows these."""
    found = {}
    for line in re.findall(r"^\.It Cm (.*)$", page, re.M):
        name, *rest = line.split()
        what = found[name] = {"options": set(), "words": set(), "arguments": set()}
        kind = None
        for word in rest:
            kind = {"Cm": "words", "Ar": "arguments", "Fl": "options"}.get(word, kind)
            if re.fullmatch(r"-?[a-z]+", word):
                what[kind].add("-" + word if kind == "options" else word)
    return found


def test_manual_and_completion_know_every_word(net, unstarted_gate):
    """What a command takes is the same in its usage, in the manual and for bash."""
    gate = unstarted_gate
    used = usages(gate)
    assert used["events"] == {"options": {"-f", "-n"}, "words": set(), "arguments": {"count", "address"}}
    assert used["mode"]["words"] == {"monitor", "enforce", "block"} and len(used) > 10
    assert documented((lab.REPO / "docs/man/cwmpgate.8").read_text()) == used
    empty = net.dir / "empty"
    empty.mkdir()
    for name, use in used.items():
        offered = complete(gate, "-c", gate.config, name, "", cwd=empty) - {"-o"}
        assert offered == use["options"] | use["words"], name


def options(text, form):
    return set(re.findall(form, text, re.M))


@pytest.mark.parametrize("program, page", [(COMMAND, "cwmpgate.8"), (gate_module.DAEMON, "cwmpgated.8")],
                         ids=["cwmpgate", "cwmpgated"])
def test_manual_knows_every_option(net, program, page):
    done = net.router.run(program, "-h", check=False)
    page = (lab.REPO / "docs/man" / page).read_text()
    own = options(done.stdout + done.stderr, r"^  -(\w)")
    assert len(own) > 3 and own == options(page, r"^\.It Fl (\w)\b")
    synopsis = page[page.index(".Sh SYNOPSIS"):page.index(".Sh DESCRIPTION")]
    assert set("".join(options(synopsis, r"Fl (\w(?: \| \w)*)\b"))) - set(" |") == own


def test_completion_in_a_shell(net, agent, gate):
    """As a person has it: bash reads the file, and completes at the key."""
    rc = net.dir / "bashrc"
    rc.write_text(f"PS1='$ '\nPATH={COMMAND.parent}:$PATH\n"
                  f"source {lab.REPO / 'docs/completion/cwmpgate'}\n")
    with Terminal(gate.host, net.dir, "bash", "--rcfile", rc, "-i",
                  env=gate_module.ENVIRONMENT) as t:
        t.wait_for(lambda s: s.startswith("$"))
        t.keys("cwmpgate sta", "Tab")
        t.wait_for(lambda s: "cwmpgate status" in s)
        t.keys("C-u")
        t.keys("cwmpgate mode enf", "Tab")
        t.wait_for(lambda s: "cwmpgate mode enforce" in s)
