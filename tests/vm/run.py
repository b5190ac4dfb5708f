#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests on a kernel of their own: QEMU without KVM, the host's root read-only.

    run.py [--kernel SUITE | --kernel FILE [--kdir DIR]] [--smp N] [PART ...]

PART is a program of tests/vm/parts, and those that are named run in one
machine; without one MACHINES are run, all at once.  The kernel is Debian's
(tests/vm/kernel), or that of SUITE, as "backports" or "bullseye", or FILE, an image
with built-in virtio, 9p, veth and nf_tables; the tree it was built in is DIR, if not
the one FILE lies in.

What the parts found is in build/vm/out/KERNEL/MACHINE: NAME.xml and NAME.log of
each, console, dmesg.  A kernel that speaks of a WARNING, a BUG, an Oops, a leak or
the like, or is tainted otherwise than by a module that is not its own, is a failure.
"""

import argparse
import concurrent.futures
import lzma
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

REPO = pathlib.Path(__file__).resolve().parents[2]
VM = REPO / "build/vm"

# Each computes on one processor only, and for about as long as the other.
MACHINES = {"1": ["native"], "2": ["module", "with-module"]}
SECONDS = int(os.environ.get("VM_SECONDS", 40 * 60))	# then a machine hangs
MEMORY = 1024			# MiB

# The machine's clock counts its instructions, 2^NS_SHIFT ns each, while it is not
# idle: however slow the host is just now, what a test waits for is not late.
NS_SHIFT = 1

# What no kernel says that is well.
TROUBLE = re.compile(
    r"WARNING:|BUG:|BUG at|Oops|Kernel panic|general protection fault|KASAN:|UBSAN:|"
    r"possible recursive locking|suspicious RCU usage|inconsistent lock state|"
    r"possible circular locking|scheduling while atomic|sleeping function called|"
    r"blocked for more than|rcu_\w+ (?:self-)?detected|unreferenced object|refcount_t|"
    r"ODEBUG:|soft lockup|hard LOCKUP|Call Trace:|nf_cwmpgate: selftest")
OUT_OF_TREE, UNSIGNED = 1 << 12, 1 << 13


class Kernel:
    """An image, what a module is built against, and modules of its own."""

    def __init__(self, image, kdir, modules=None):
        self.image, self.kdir, self.modules = image, kdir, modules
        self.name = (modules or kdir).name

    @classmethod
    def find(cls, image=None, kdir=None):
        """That of @image, a file or a release of Debian; without one, this release's."""
        is_file = image and ("/" in image or os.path.exists(image))
        return cls.of_file(image, kdir) if is_file else cls.of_debian(image)

    @classmethod
    def of_debian(cls, suite=None):
        unpacked = pathlib.Path(subprocess.run(
            [REPO / "tests/vm/kernel", *([suite] if suite else [])], check=True, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.strip())
        return cls(unpacked / "vmlinuz", unpacked / "kdir", unpacked)

    @classmethod
    def of_file(cls, image, kdir):
        image = pathlib.Path(image).resolve()
        if not kdir:
            kdir = next((d for d in image.parents if (d / "Module.symvers").exists()), None)
        if not kdir:
            sys.exit(f"{image} is not in the tree it was built in: name it with --kdir")
        return cls(image, pathlib.Path(kdir).resolve())

    def early_modules(self):
        """What mounting the host's root needs, in the order of loading."""
        if not self.modules:
            return []
        paths = []
        for name in ("virtio_pci", "9pnet_virtio", "9p"):
            lines = subprocess.run(
                ["modprobe", "-d", self.modules, "-S", self.name, "--show-depends", name],
                check=True, text=True, stdout=subprocess.PIPE).stdout
            paths += re.findall(r"^insmod (\S+)", lines, re.M)
        return list(dict.fromkeys(paths))


def build_module(kernel):
    """With its self-tests."""
    where = REPO / "build/kmod" / kernel.name
    subprocess.run(["make", "-s", "--no-print-directory", "kmod", f"KDIR={kernel.kdir}",
                    f"KOUT={where}", "CWMPGATE_DEBUG=y"], cwd=REPO, check=True,
                   stdin=subprocess.DEVNULL)
    module = where / "nf_cwmpgate.ko"
    subprocess.run(["strip", "--strip-debug", module], check=True)	# it is loaded a hundred times
    return module


def busybox():
    """Debian's static one, unpacked like the kernel."""
    there = VM / "busybox/bin/busybox"
    if not there.exists():
        with tempfile.TemporaryDirectory() as d:
            subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download",
                            "busybox-static"], cwd=d, check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["dpkg-deb", "-x", *pathlib.Path(d).glob("*.deb"), VM / "busybox"],
                           check=True)
    return there


def make_initramfs(kernel, file):
    with tempfile.TemporaryDirectory() as d:
        root = pathlib.Path(d)
        (root / "bin").mkdir()
        (root / "modules").mkdir()
        shutil.copy(busybox(), root / "bin/busybox")
        shutil.copy(REPO / "tests/vm/init", root / "init")
        for i, path in enumerate(kernel.early_modules()):
            plain = lzma.open if path.endswith(".xz") else open
            name = pathlib.Path(path).name.removesuffix(".xz")
            with plain(path, "rb") as module:
                (root / f"modules/{i:02}-{name}").write_bytes(module.read())
        (root / "dev").mkdir()
        os.mknod(root / "dev/console", 0o600 | 0o020000, os.makedev(5, 1))
        names = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
        with open(file, "wb") as out:
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, check=True,
                           input=names.encode(), stdout=out)


def share(tag, path, *, writable=False):
    return ["-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap"
            + ("" if writable else ",readonly=on"),
            "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def command(kernel, initramfs, module, parts, smp, out):
    # Without ACPI: what it says of interrupts is a program, which a slow kernel gives up.
    words = ("console=ttyS0 loglevel=5 acpi=off mitigations=off preempt=full slab_nomerge "
             "oops=panic panic=-1 "
             f"repo={REPO} guest={','.join(parts)} ko={module}")
    if kernel.modules:
        words += f" modules={kernel.modules}"
    # With more than one, QEMU cannot count.
    processors = ["-icount", f"shift={NS_SHIFT}"] if smp == 1 else ["-smp", str(smp)]
    return ["qemu-system-x86_64", "-accel", "tcg", *processors, "-cpu", "max",
            "-m", str(MEMORY), "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-serial", "stdio", "-kernel", kernel.image, "-initrd", initramfs,
            "-append", words, *share("host", "/"), *share("repo", REPO),
            *share("out", out, writable=True), "-device", "virtio-rng-pci"]


def boot(kernel, initramfs, module, parts, smp, out):
    """Runs a machine to its end; returns what is wrong with how it went."""
    argv = [str(a) for a in command(kernel, initramfs, module, parts, smp, out)]
    begun = time.monotonic()
    console = out / "console"
    with open(console, "wb") as log, subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT) as machine:
        wrong = watch(machine, console, begun + SECONDS)
    return wrong + look_at_kernel(out)


def watch(machine, console, until):
    """Shows what the parts say; ends the machine at the first trouble."""
    said = 0
    try:
        while True:
            ended = machine.poll() is not None
            text = console.read_text(errors="replace")
            for line in text[said:].splitlines(keepends=True):
                if not line.endswith("\n"):
                    break
                said += len(line)
                if line.startswith("vm: "):
                    print(line.rstrip(), flush=True)
            found = TROUBLE.search(text)
            if found and not ended:
                time.sleep(3)			# the rest of what it has to say
            if found:
                return [f"the kernel's console: {found[0]}"]
            if ended:
                return [] if machine.returncode == 0 else [f"QEMU: {machine.returncode}"]
            if time.monotonic() > until:
                return [f"not done within {SECONDS} s"]
            time.sleep(0.5)
    finally:
        if machine.poll() is None:
            machine.kill()


def look_at_kernel(out):
    """What the kernel itself thinks of how it went."""
    wrong = []
    for name in ("dmesg", "kmemleak"):
        file = out / name
        found = file.exists() and TROUBLE.search(file.read_text(errors="replace"))
        if found:
            wrong.append(f"{name}: {found[0]}")
    tainted = out / "tainted"
    if not tainted.exists():
        wrong.append("the machine did not come to its end")
    elif int(tainted.read_text()) & ~(OUT_OF_TREE | UNSIGNED):
        wrong.append(f"the kernel is tainted: {tainted.read_text().strip()}")
    return wrong


def run(machines, kernel, smp=1):
    """@machines: parts by name.  Returns their junit files, and what was wrong besides."""
    begun = time.monotonic()
    print(f"vm: {kernel.name}", flush=True)
    base = VM / "out" / kernel.name
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    module, initramfs = build_module(kernel), base / "initramfs"
    make_initramfs(kernel, initramfs)
    reports, wrong = [], []
    with concurrent.futures.ThreadPoolExecutor(len(machines)) as pool:
        ends = {}
        for name, parts in machines.items():
            (base / name).mkdir()
            reports += [base / name / f"{part}.xml" for part in parts]
            ends[name] = pool.submit(boot, kernel, initramfs, module, parts, smp, base / name)
    for name, end in ends.items():
        if end.result():
            print((base / name / "console").read_text(errors="replace")[-6000:], flush=True)
        wrong += [f"machine {name}: {line}" for line in end.result()]
    for line in wrong:
        print(f"vm: {line}", flush=True)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"vm: {time.monotonic() - begun:.0f} s, "
          f"{spent.ru_utime + spent.ru_stime:.0f} s of processors", flush=True)
    return reports, wrong


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--kernel", default=os.environ.get("KERNEL"))
    parser.add_argument("--kdir", default=os.environ.get("KDIR"))
    parser.add_argument("--smp", type=int, default=1)
    parser.add_argument("parts", nargs="*")
    a = parser.parse_args()
    reports, wrong = run({"1": a.parts} if a.parts else MACHINES,
                         Kernel.find(a.kernel, a.kdir), a.smp)
    for report in reports:
        log = report.with_suffix(".log")
        print(log.read_text(errors="replace") if log.exists() else f"{log}: not there")
    return 1 if wrong or not all(r.exists() for r in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
