#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the tests and ends with one plain line: `N passed, N failed`.

    tally.py unit                          the programs build/unit/test_* and corpus_*
    tally.py s390x                         those of another architecture, under qemu-user
    tally.py perf                          instructions per packet, tests/perf/check.py
    tally.py packaging [ARGUMENT ...]      tests/packaging, through Debian's pytest
    tally.py package [ARGUMENT ...]        tests/package, likewise
    tally.py net [ARGUMENT ...]            tests/net, likewise
    tally.py vm                            tests/vm, in a machine of its own
    tally.py unit perf net

A unit program is cmocka's, or a fuzz target with its corpus; its TAP is
counted.  The exit status is 0 only if something ran and all of it passed.  A
test that was skipped, a program that was not built, crashed or ran no test, a
file that could not be collected, and a kernel that speaks of an error are each
counted as a failure.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

TESTS = pathlib.Path(__file__).resolve().parent
VM = TESTS / "vm/run.py"
EMULATORS = {"s390x": "qemu-s390x", "arm64": "qemu-aarch64", "armhf": "qemu-arm",
             "mipsel": "qemu-mipsel"}
PYTEST = ["packaging", "package", "net"]
PARTS = ["unit", *EMULATORS, "perf", "vm", *PYTEST]


def run_part(part, arguments):
    """Runs one part; returns (passed, failed)."""
    if part == "unit":
        return unit(TESTS.parent / "build/unit")
    if part in EMULATORS:
        there = TESTS.parent / "build/cross" / part
        emulator = [EMULATORS[part], "-L", str(there / "sysroot/root")]
        return tuple(map(sum, zip(unit(there / "tree/build/unit", emulator),
                                  program(there / "tree/build/calls",
                                          [TESTS / "cross/calls", *emulator]))))
    if part == "perf":
        return program(TESTS / "perf/check.py")
    if part == "vm":
        return vm()
    return pytest(TESTS / part, arguments)


def unit(built, runner=()):
    """Runs what tests/unit and tests/fuzz have the source of; returns (passed, failed)."""
    names = [p.stem for p in sorted((TESTS / "unit").glob("test_*.c"))]
    names += [p.stem.replace("fuzz_", "corpus_", 1)
              for p in sorted((TESTS / "fuzz").glob("fuzz_*.c"))]
    programs = [built / name for name in names]
    results = [program(p, runner) for p in programs]
    return sum(p for p, _ in results), sum(f for _, f in results) or int(not programs)


def program(path, runner=()):
    """Runs one program that speaks TAP, as an argument of @runner; returns (passed, failed)."""
    if not path.exists():
        print(f"{path.name}: NOT BUILT", flush=True)
        return 0, 1
    environment = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    done = subprocess.run([*runner, path], env=environment, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    passed, failed = count_tap(done.stdout, done.returncode)
    print(f"{path.name}: {passed} passed" + (f", {failed} FAILED" if failed else ""), flush=True)
    if failed:
        print(done.stdout, flush=True)
    return passed, failed


def count_tap(text, status):
    """A crash, or tests that were planned and did not run, count as one more."""
    passed = len(re.findall(r"^ok \d+(?!.*# SKIP)", text, re.M))
    failed = len(re.findall(r"^not ok \d+|^ok \d+.*# SKIP", text, re.M))
    planned = sum(map(int, re.findall(r"^1\.\.(\d+)", text, re.M)))
    if passed + failed != planned or planned == 0 or (status != 0 and failed == 0):
        failed += 1
    return passed, failed


def pytest(directory, arguments):
    """Runs pytest over a directory; returns (passed, failed)."""
    named = any(pathlib.Path(a.partition("::")[0]).exists() for a in arguments)
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        status = subprocess.run(
            ["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
             f"--rootdir={directory}", "-o", "junit_family=xunit1", f"--junitxml={report.name}",
             *arguments, *([] if named else [str(directory)])], check=False).returncode
        passed, failed = count_junit(report.name)
    if status != 0 and failed == 0:
        failed = 1
    return passed, failed


def vm():
    """Boots the test machine and runs its parts; returns (passed, failed)."""
    sys.path.insert(0, str(VM.parent))
    import run as machine
    reports, wrong = machine.run(machine.MACHINES, machine.Kernel.find(os.environ.get("KERNEL")))
    passed = failed = 0
    for report in reports:
        p, f = count_junit(report)
        print(f"vm: {report.stem}: {p} passed" + (f", {f} FAILED" if f else ""), flush=True)
        if f and report.with_suffix(".log").exists():
            print(report.with_suffix(".log").read_text(errors="replace")[-20000:], flush=True)
        passed, failed = passed + p, failed + f
    return passed, failed + len(wrong)


def count_junit(path):
    """A test with a failure in its body and an error after it counts once."""
    good = {}
    try:
        cases = xml.etree.ElementTree.parse(path).iter("testcase")
        for case in cases:
            key = case.get("classname"), case.get("name")
            ok = not any(case.find(x) is not None for x in ("failure", "error", "skipped"))
            good[key] = good.get(key, True) and ok
    except (OSError, xml.etree.ElementTree.ParseError):
        return 0, 1
    passed = sum(good.values())
    return passed, len(good) - passed


def main(words):
    parts = [w for w in words if w in PARTS]
    more = words[len(parts):]
    if not parts or words[:len(parts)] != parts or (more and parts[-1] not in PYTEST):
        sys.exit(__doc__)
    results = [run_part(part, more if part == parts[-1] else []) for part in parts]
    passed, failed = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
