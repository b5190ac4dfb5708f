# SPDX-License-Identifier: GPL-2.0-or-later
"""What a dropped packet costs the router, by who drops it; also in /run/out/figures.

The machine has one processor and its clock counts instructions.  The time to send a
packet, in which the kernel also takes it in, and the guard's time, less that for as
many packets that end in ip_rcv() because they are for somebody else's hardware
address, is what comes after: the rules, the queue, the guard.
"""

import pathlib
import time

import pytest

import genl
import lab
import wire
from test_kmod import packet

BATCH, BATCHES, ROUNDS = 100, 25, 3
ELSEWHERE = b"\x02\0\0\0\0\x99"
ORDER = ["module: not in acs", "module: bad byte in 300", "nft raw: not in acs",
         "queue: no connection"]


class Meter:
    """Seconds that packets take on @line, those of the guard among them."""

    def __init__(self, line, gate):
        self.line = line
        self.guard = pathlib.Path(f"/proc/{gate.processes()['cwmpgate-guard']}/schedstat")

    def guard_time(self):
        return int(self.guard.read_text().split()[0]) / 1e9

    def send(self, data):
        """Without what the guard did meanwhile."""
        guard, begun = self.guard_time(), time.monotonic()
        for _ in range(BATCH):
            self.line.put(data)
        return time.monotonic() - begun - (self.guard_time() - guard)

    def cost(self, data, to=None):
        """For BATCHES * BATCH packets."""
        home, self.line.to = self.line.to, to or self.line.to
        begun, spent = self.guard_time(), 0
        for _ in range(BATCHES):
            spent += self.send(data)
            time.sleep(0.03)		# for the queue to be empty again
        self.line.to = home
        return spent + self.guard_time() - begun


@pytest.mark.config(mode="enforce")
def test_cost_of_a_drop(net, agent, gate):
    stranger = packet(lab.NEIGHBOUR4)
    binary = packet(lab.ACS4, flags=wire.ACK, data=b"a" * 299 + b"\x80")
    lost = packet(lab.ACS4, flags=wire.ACK)
    line = wire.Wire(net)
    meter = Meter(line, gate)
    spent = {name: [] for name in ["nothing", *ORDER]}
    with genl.Family(net.router) as f:
        good = genl.config(["192.0.2.10/31"])
        for _ in range(ROUNDS):
            f.ask(genl.CWMPGATE_CMD_SET, good)
            spent["nothing"].append(meter.cost(stranger, ELSEWHERE))
            spent[ORDER[0]].append(meter.cost(stranger))
            spent[ORDER[1]].append(meter.cost(binary))
            # Still there, but for a port that nobody asks for.
            f.ask(genl.CWMPGATE_CMD_SET, genl.config([], ports=[9]))
            spent[ORDER[2]].append(meter.cost(stranger))
            spent[ORDER[3]].append(meter.cost(lost))
        line.close()
        n = BATCH * BATCHES * ROUNDS
        assert f.counters()["not_acs"] == f.counters()["bad_byte"] == n
    gate.expect("NO_FLOW", n=n)
    at_rest = min(spent["nothing"])
    each = {name: 1e6 * (min(spent[name]) - at_rest) / (BATCH * BATCHES) for name in ORDER}
    base = each[ORDER[0]]
    report = "".join(f"{name:26} {each[name]:8.2f} us  {each[name] / base:6.2f}\n" for name in ORDER)
    pathlib.Path("/run/out/figures").write_text(report)
    assert each[ORDER[0]] < each[ORDER[2]] < each[ORDER[3]], report
