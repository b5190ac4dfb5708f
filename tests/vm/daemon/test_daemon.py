# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon finds the module, configures it, notices its loss, and works without."""

import json

import pytest

import genl
import lab
from heads import bare
from rawclient import RawClient
from test_good import curl

COMMAND = lab.REPO / "build/cwmpgate"


def cwmpgate(gate, *words):
    return gate.host.run(COMMAND, "-c", gate.config, *words, check=False).stdout


def module_of(gate):
    return json.loads(cwmpgate(gate, "-o", "json", "status"))["module"]


@pytest.fixture(autouse=True)
def module():
    if not genl.is_loaded():
        genl.insmod()
    yield
    if not genl.is_loaded():
        genl.insmod()


def test_configured_and_shown(net, agent, gate):
    assert curl(net, lab.ROUTER4) == curl(net, lab.ROUTER6) == "200"
    with pytest.raises(TimeoutError):
        net.acs.connect(lab.ROUTER4, 7547, lab.NEIGHBOUR4, seconds=0.5)
    m = module_of(gate)
    assert m["loaded"] and m["used"] and m["drops"] and m["prefixes"] == 2
    assert m["packets"]["not_acs"] >= 1 and m["packets"]["passed"] >= 10
    assert "drops before the rules" in cwmpgate(gate, "status")
    assert "the kernel module drops before the rules" in cwmpgate(gate, "doctor")
    metrics = cwmpgate(gate, "metrics")
    assert "cwmpgate_module_used 1\n" in metrics
    assert 'cwmpgate_module_packets_total{reason="not_acs"}' in metrics
    assert gate.count("SYN") >= 2


def test_nft_is_spared(net, agent, gate):
    """What the module drops no rule has counted, and the guard has never seen."""
    with RawClient(net) as c:
        c.open()
        c.send(b"GET \x80\x81", at=0)
        lab.wait_until(lambda: module_of(gate)["packets"]["bad_byte"] == 1, "dropped", 5)
        assert not c.wait(lambda: c.acked or c.reset, 0.3)
        c.send(bare())
        assert b" 401 " in c.answer()
    assert gate.count("BAD_BYTE") == 0


@pytest.mark.config(mode="monitor")
def test_monitor_counts(net, agent, unstarted_gate):
    gate = unstarted_gate.start()
    with net.acs.connect(lab.ROUTER4, 7547, lab.NEIGHBOUR4, seconds=3):
        pass
    m = module_of(gate)
    assert m["used"] and not m["drops"] and m["packets"]["not_acs"] >= 1
    gate.stop()
    assert gate.unload().returncode == 0


def test_somebody_ends_it(net, agent, gate):
    with genl.Family(net.router) as f:
        f.delete()
        lab.wait_until(lambda: genl.CWMPGATE_A_ACTION in f.get(), "configured again", 3)
    assert curl(net, lab.ROUTER4) == "200"


def test_unloaded_and_loaded_again(net, agent, gate):
    """Nothing is open meanwhile, and nobody is refused who was not."""
    assert genl.rmmod() == 0
    lab.wait_until(lambda: "the rules do its work" in gate.log(), gate.log, 3)
    assert curl(net, lab.ROUTER4) == "200"
    with pytest.raises(TimeoutError):
        net.acs.connect(lab.ROUTER4, 7547, lab.NEIGHBOUR4, seconds=0.5)
    assert not genl.is_loaded() and gate.alive()
    assert not module_of(gate)["loaded"]
    genl.insmod()
    lab.wait_until(lambda: module_of(gate)["used"], "configured", 3)
    assert curl(net, lab.ROUTER6) == "200"


def test_stays_when_the_daemon_ends(net, agent, gate):
    gate.kill()
    with genl.Family(net.router) as f:
        assert genl.CWMPGATE_A_ACTION in f.get()
        assert gate.unload().returncode == 0
        assert genl.CWMPGATE_A_ACTION not in f.get()


def test_reload_turns_it_off_and_on(net, agent, gate):
    for use, used in (("off", False), ("auto", True)):
        gate.write_config(kmod=use)
        cwmpgate(gate, "reload")
        lab.wait_until(lambda: module_of(gate)["used"] == used, use, 3)
        assert curl(net, lab.ROUTER4) == "200"


@pytest.mark.config(kmod="require")
def test_required_and_missing(net, unstarted_gate):
    assert genl.rmmod() == 0
    with pytest.raises(AssertionError, match="no module nf_cwmpgate"):
        unstarted_gate.start()
    assert unstarted_gate.unload().returncode == 0


@pytest.mark.config(kmod="auto")
def test_missing_and_not_required(net, agent, unstarted_gate):
    assert genl.rmmod() == 0
    gate = unstarted_gate.start()
    assert curl(net, lab.ROUTER4) == "200"
    assert "not loaded; the gate works without" in cwmpgate(gate, "status")
    gate.stop()
    assert gate.unload().returncode == 0
