#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that the path takes for a packet, against tests/perf/budget.

    check.py            as TAP: what costs more than its budget and 5 % fails
    check.py update     writes what was counted into the budget

They are counted by callgrind over the fixed conversations of path.c, so they
depend on the compiler (Debian 12's gcc, -O2) and not on the machine or on what
else it does.  libcrypto's own are told apart, and are in no budget.
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "build/perf/path"
BUDGET = HERE / "budget"
TIMES = 200
MARGIN = 1.05

# KIND of path.c: (how many of them there are each time, what it is)
KINDS = {
    "syn": (2, "a SYN"),
    "ack": (2, "an acknowledgement on a checked connection"),
    "bare": (1, "a request without credentials"),
    "digest": (1, "an authenticated request"),
    "refused": (1, "a POST, refused"),
    "all": (1, "all 22 packets of GET, 401, GET with digest, 200"),
}


def by_object(path):
    """Instructions by the file that they are in; a called function counts for itself."""
    cost, where, skip = collections.Counter(), "", False
    for line in path.read_text().splitlines():
        if line.startswith("ob="):
            where = pathlib.Path(line[3:]).name
        elif line.startswith("calls="):
            skip = True         # the next line sums up what was called
        elif re.match(r"[+*0-9-]", line):
            if not skip:
                cost[where] += int(line.split()[1])
            skip = False
    return cost


def count(kind, full):
    """(instructions for one, of which libcrypto's) with empty or full tables."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--compress-strings=no",
             "--compress-pos=no", f"--callgrind-out-file={out.name}", PROGRAM, kind, str(TIMES),
             *(["full"] if full else [])], check=True, capture_output=True)
        cost = by_object(pathlib.Path(out.name))
    crypto = sum(n for name, n in cost.items() if name.startswith("libcrypto"))
    each = TIMES * KINDS[kind][0]
    return round((sum(cost.values()) - crypto) / each), round(crypto / each)


def read_budget():
    lines = (line.split() for line in BUDGET.read_text().splitlines() if line[:1] not in ("", "#"))
    return {(kind, tables): int(n) for kind, tables, n, *_ in lines}


def main():
    update = sys.argv[1:] == ["update"]
    budget, counted = {} if update else read_budget(), []
    names = [(kind, tables) for tables in ("empty", "full") for kind in KINDS]
    if not update:
        print(f"1..{len(names)}")
    for number, (kind, tables) in enumerate(names, 1):
        own, crypto = count(kind, tables == "full")
        counted.append(f"{kind:8} {tables:6} {own:7}   # and {crypto} in libcrypto")
        if update:
            continue
        limit = budget.get((kind, tables), 0)
        print("ok" if own <= limit * MARGIN else "not ok",
              f"{number} - {KINDS[kind][1]}, tables {tables}: {own} instructions, "
              f"{crypto} more in libcrypto; budget {limit}", flush=True)
    if update:
        BUDGET.write_text("# Instructions for one, counted by tests/perf/check.py; "
                          "`make perf-update` writes them anew.\n" + "\n".join(counted) + "\n")
        print(BUDGET.read_text(), end="")


if __name__ == "__main__":
    main()
