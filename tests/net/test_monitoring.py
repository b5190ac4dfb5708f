# SPDX-License-Identifier: GPL-2.0-or-later
"""metrics_file through a real node_exporter into a real Prometheus, with the alert
rules and the dashboard of docs/monitoring.  Both listen on the loopback of the
router's namespace."""

import http.client
import json
import re
import socket
import subprocess
import urllib.parse

import pytest

import lab
from command import DOWN, cwmpgate, good, refuse_one
from replayed import RELOADED
from test_good import curl

MONITORING = lab.REPO / "docs/monitoring"
EXPORTER, PROMETHEUS = 9100, 9090
# Not ours, but node_exporter's.
FOREIGN = {"node_textfile_mtime_seconds"}


def get(host, port, path):
    with host.connect("127.0.0.1", port) as s:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = s
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().read().decode()


def is_open(host, port):
    with host.socket(socket.AF_INET) as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def promtool(*words, text=None):
    return subprocess.run(["promtool", *(str(w) for w in words)], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


class Monitored:
    """The two programs, and questions to them."""

    def __init__(self, net):
        self.host, self.dir = net.router, net.dir / "prometheus"
        self.dir.mkdir()
        (self.dir / "prometheus.yml").write_text(f"""
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [ {MONITORING}/alerts.yml ]
scrape_configs:
  - job_name: router
    static_configs: [ {{ targets: [ "127.0.0.1:{EXPORTER}" ] }} ]
""")
        (self.dir / "textfile").mkdir()
        self.file = self.dir / "textfile/cwmpgate.prom"
        self.processes = []

    def start(self):
        self._spawn("prometheus-node-exporter", "--collector.disable-defaults",
                    "--collector.textfile", f"--collector.textfile.directory={self.file.parent}",
                    f"--web.listen-address=127.0.0.1:{EXPORTER}")
        self._spawn("prometheus", f"--config.file={self.dir}/prometheus.yml",
                    f"--storage.tsdb.path={self.dir}/data",
                    f"--web.listen-address=127.0.0.1:{PROMETHEUS}")
        for port in EXPORTER, PROMETHEUS:
            lab.wait_until(lambda port=port: is_open(self.host, port), f"port {port}", 20)
        lab.wait_until(lambda: "Ready" in get(self.host, PROMETHEUS, "/-/ready"), "ready", 20)
        return self

    def _spawn(self, *argv):
        with open(self.dir / f"{argv[0]}.log", "w") as log:
            self.processes.append(self.host.spawn(*argv, stdout=log, stderr=log))

    def stop(self):
        for process in self.processes:
            lab.end(process)

    def api(self, what, **words):
        answer = json.loads(get(self.host, PROMETHEUS,
                                f"/api/v1/{what}?{urllib.parse.urlencode(words)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        return self.api("query", query=expression)["result"]

    def value(self, expression):
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else None


@pytest.fixture
def monitored(net):
    running = Monitored(net)
    yield running
    running.stop()


def dashboard_queries():
    """Every query of the dashboard, its variables as Grafana would fill them in."""
    board = json.loads((MONITORING / "dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield (panel["title"], target["expr"].replace("$instance", ".*")
                   .replace("$__rate_interval", "1m"))


def metric_names(text):
    return set(re.findall(r"\b(?:cwmpgate|node_textfile)_[a-z_]+", text))


@pytest.mark.not_replayed(RELOADED)
def test_prometheus(net, agent, unstarted_gate, monitored):
    gate = unstarted_gate
    gate.write_config(metrics_file=str(monitored.file))
    gate.start()
    assert curl(net, lab.ROUTER4) == "200"
    refuse_one(net, gate)
    # The file is written every 15 s; a reload writes it at once.
    good(gate, "reload")
    monitored.start()
    lab.wait_until(lambda: monitored.value("cwmpgate_up") == 1, "scraped", 20)
    assert monitored.value("node_textfile_scrape_error") == 0
    lab.wait_until(lambda: monitored.value(
        'cwmpgate_verdicts_total{action="refuse",reason="not_get"}') == 1, "the refusal", 20)
    assert monitored.value('cwmpgate_mode{mode="enforce"}') == 1

    # What rules and dashboard name is there, and every query is answered.
    there = set(monitored.api("label/__name__/values"))
    named = metric_names((MONITORING / "alerts.yml").read_text())
    refuse_one(net, gate)			# so that its rate is one
    good(gate, "reload")
    for title, query in dashboard_queries():
        lab.wait_until(lambda query=query: monitored.query(query), f"{title}: {query}", 10)
        named |= metric_names(query)
    assert named <= there and named & FOREIGN == FOREIGN
    rules = {r["name"]: r for g in monitored.api("rules")["groups"] for r in g["rules"]}
    assert all(r["health"] in ("ok", "unknown") and not r.get("lastError") for r in rules.values())
    assert [a for a in monitored.api("alerts")["alerts"]] == []

    # And in an orderly end somebody is told.
    gate.stop()
    lab.wait_until(lambda: monitored.value("cwmpgate_up") == 0, "down", 5)
    lab.wait_until(lambda: [a["labels"]["alertname"] for a in monitored.api("alerts")["alerts"]]
                   == ["CwmpgateDown"], "the alert is pending", 5)
    assert gate.unload().returncode == 0


def test_promtool_check_metrics(net, agent, gate):
    """In every state of the daemon: naming, types, help, units."""
    refuse_one(net, gate)
    for state in ("enforce", "monitor", "block", "stopped", "unloaded"):
        if state == "stopped":
            gate.stop()
        elif state == "unloaded":
            gate.unload()
        else:
            good(gate, "mode", state)
        done = cwmpgate(gate, "metrics")
        assert done.returncode == (DOWN if state in ("stopped", "unloaded") else 0)
        checked = promtool("check", "metrics", text=done.stdout)
        assert checked.returncode == 0 and checked.stdout == "", f"{state}: {checked.stdout}"
    broken = promtool("check", "metrics", text="# TYPE x counter\nx 1\n")
    assert broken.returncode != 0				# it would have said so


def test_alert_rules(tmp_path):
    checked = promtool("check", "rules", MONITORING / "alerts.yml")
    assert checked.returncode == 0 and "FAILED" not in checked.stdout, checked.stdout
    tested = promtool("test", "rules", MONITORING / "alerts_test.yml")
    assert tested.returncode == 0, tested.stdout
    # Each rule is one that some test makes fire or pend.
    rules = re.findall(r"- alert: (\w+)", (MONITORING / "alerts.yml").read_text())
    text = (MONITORING / "alerts_test.yml").read_text()
    for rule in rules:
        fires = re.findall(rf'alertname="{rule}"|alertname: {rule}\n', text)
        assert fires, f"{rule} never fires in alerts_test.yml"
    # And the tests can fail.
    (tmp_path / "alerts.yml").write_text((MONITORING / "alerts.yml").read_text().replace(
        "cwmpgate_up == 0", "cwmpgate_up == 2"))
    (tmp_path / "alerts_test.yml").write_text(text)
    assert promtool("test", "rules", tmp_path / "alerts_test.yml").returncode != 0


def test_dashboard_form():
    """A whole dashboard of Grafana's: unique panels in a grid of 24, none over another."""
    board = json.loads((MONITORING / "dashboard.json").read_text())
    assert board["title"] and board["uid"] and board["schemaVersion"] >= 36
    ids, taken = set(), set()
    for panel in board["panels"]:
        g = panel["gridPos"]
        cells = {(x, y) for x in range(g["x"], g["x"] + g["w"])
                 for y in range(g["y"], g["y"] + g["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        assert panel["id"] not in ids and panel["title"] and panel["description"]
        ids.add(panel["id"])
        taken |= cells
        assert panel["targets"], panel["title"]
    assert {v["name"] for v in board["templating"]["list"]} == {"datasource", "instance"}


def test_documented_numbers(net, agent, gate):
    """The table of docs/monitoring/README.md names every metric, and no other."""
    text = good(gate, "metrics")
    there = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    table = re.findall(r"^\| (`cwmpgate_.*?) \| (\w+) \|", (MONITORING / "README.md").read_text(),
                       re.M)
    told = {name: kind for names, kind in table
            for name in re.findall(r"`(cwmpgate_\w+)", names)}
    assert told == there
    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(series) < 150 and not re.search(r"192\.0\.2|2001:db8", text)
