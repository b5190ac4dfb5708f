# SPDX-License-Identifier: GPL-2.0-or-later
"""A program on a terminal, in tmux: what stands on its screen, and keys for it."""

import os
import shlex

import lab


class Terminal:
    """@argv in @host, on a screen of its own; a context manager."""

    def __init__(self, host, directory, *argv, env, columns=100, rows=30):
        self.host, self.directory = host, directory
        self.columns, self.rows = columns, rows
        self.env = {**env, "TMUX_TMPDIR": str(directory), "TERM": "xterm-256color",
                    "LC_ALL": "C.UTF-8"}
        self.command = shlex.join(str(a) for a in argv)

    def tmux(self, *words, check=True):
        return self.host.run("tmux", "-f", os.devnull, *words, check=check, env=self.env)

    def __enter__(self):
        self.tmux("new-session", "-d", "-s", "t", "-x", self.columns, "-y", self.rows,
                  f"trap : INT; {self.command}; printf 'ended %s\\n' $?; exec sleep 60")
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", check=False)

    def screen(self, colours=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if colours else []), "-t", "t").stdout

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "t", *keys)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-t", "t", "-x", columns, "-y", rows)

    def wait_for(self, condition, seconds=8):
        """The first screen of which @condition is true."""
        last = ""
        def seen():
            nonlocal last
            last = self.screen()
            return last if condition(last) else None
        return lab.wait_until(seen, lambda: f"on the screen:\n{last}", seconds)
