#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/tour.md, played: its commands in namespaces, what they say beside what it says.

    sudo tests/net/tour.py        prints the tour as it goes today, to be read and copied

A line `HOST# COMMAND` (or `HOST$`) is a command on one of the hosts of lab.py,
`> ` goes on with it, and what follows is what it prints.  Numbers that differ
from run to run (times, process ids, client ports, counts before a reason) are
not compared; a line `...` stands for any lines and `[...]` for any text.

/usr, /etc and /run are overlays in a mount namespace of their own: what the tour
installs and writes is gone with it.
"""

import dataclasses
import os
import re
import subprocess
import time

import agent as agent_module
import lab
import rawclient

TOUR = lab.REPO / "docs/tour.md"
OVERLAID = ("usr", "etc", "run")
PROMPT = re.compile(r"^    (router|acs|stranger)[#$] (.*)$")

VARYING = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\bport (id )?\d{3,6}\b(?! of)", r"port \1N"),
    (r"\bprocess \d+", "process N"),
    (r"\b\d+ (s|min|h)\b", r"N \1"),
    (r"\.conf:(\d+):\d+:", r".conf:\1:"),
    (r"#\d+", "#N"),
    (r"holds \d+ of \d+", "holds N of N"),
    (r"^ *\d+(?=  [A-Za-z_]+ )", "N"),
    (r" +", " "),
]


@dataclasses.dataclass
class Step:
    line: int
    host: str
    command: str
    says: list = dataclasses.field(default_factory=list)


def steps(text):
    """The commands of the tour, each with the lines it is said to print."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        prompt = PROMPT.match(line)
        if prompt:
            found.append(Step(number, *prompt.groups()))
            inside = True
        elif inside and line.startswith("    > "):
            found[-1].command += "\n" + line[6:]
        elif inside and (line.startswith("    ") or not line):
            found[-1].says.append(line[4:])
        else:
            inside = False
    for step in found:
        while step.says and not step.says[-1]:
            step.says.pop()
    return found


def plain(line):
    for pattern, word in VARYING:
        line = re.sub(pattern, word, line)
    return line.strip()


def is_said(expected, actual):
    """Does @actual, lines, look as @expected has it?"""
    pattern = ""
    for line in expected:
        pattern += r"(?:.*\n)*?" if line.strip() == "..." else re.escape(plain(line)).replace(
            re.escape("[...]"), ".*") + r"\n"
    return re.fullmatch(pattern, "".join(plain(line) + "\n" for line in actual)) is not None


class Stage:
    """The hosts, an agent on the router, and a file system to play on."""

    def __init__(self):
        self.net, self.played = lab.Net(), 0

    def __enter__(self):
        self.net.__enter__()
        rawclient.prepare(self.net)
        self.agent = agent_module.Agent(self.net)
        layers = self.net.dir / "layers"
        script = f"mount --make-rprivate / && mkdir {layers} && mount -t tmpfs tmpfs {layers} && "
        for name in OVERLAID:
            script += (f"mkdir -p {layers}/{name} {layers}/{name}.work && mount -t overlay overlay -o "
                       f"lowerdir=/{name},upperdir={layers}/{name},workdir={layers}/{name}.work "
                       f"/{name} && ")
        ready = self.net.dir / "staged"
        self.holder = lab.spawn(["unshare", "-m", "sh", "-c",
                                 f"{script} : >{ready}; exec sleep 600"])
        lab.wait_until(lambda: ready.exists() or self.holder.poll() is not None, "the stage", 10)
        assert self.holder.poll() is None, "no stage"
        # Where package and service manager would have made it, and nothing of this machine's.
        self.play("router", "rm -rf /etc/cwmpgate")
        return self

    def __exit__(self, *_):
        self.agent.stop()
        self.net.remove()		# and who still runs in its namespaces
        lab.end(self.holder)

    def play(self, host, command):
        """What it prints; to a file, because the daemon keeps its terminal."""
        self.played += 1
        output = self.net.dir / f"output{self.played}"
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                       "TZ": "UTC", "MAKEFLAGS": ""}
        with open(output, "w") as out:
            subprocess.run(
                ["nsenter", f"--net=/run/netns/{getattr(self.net, host).name}",
                 f"--mount=/proc/{self.holder.pid}/ns/mnt", f"--wd={lab.REPO}", "sh", "-c", command],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, check=False,
                timeout=60)
        if re.match(r"cwmpgated\b(?! -)", command):
            self.wait_for_daemon()
        return output.read_text(errors="replace").splitlines()

    def wait_for_daemon(self):
        lab.wait_until(lambda: any("running for" in line for line in
                                   self.play("router", "cwmpgate status")), "the daemon", 10)
        time.sleep(0.3)			# a person's next line is later


def main():
    with Stage() as stage:
        for step in steps(TOUR.read_text()):
            prompt = "#" if step.host == "router" else "$"
            print(f"    {step.host}{prompt} " + step.command.replace("\n", "\n    > "))
            said = stage.play(step.host, step.command)
            print("".join(f"    {line}\n" for line in said), end="", flush=True)
            if not is_said(step.says, said):
                print(f"!!! line {step.line} of the tour has:\n" + "\n".join(step.says))


if __name__ == "__main__":
    os.umask(0o022)
    main()
