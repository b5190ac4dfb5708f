# SPDX-License-Identifier: GPL-2.0-or-later
"""The packages as they are built, from the tarball and nothing else."""

import hashlib
import json
import re
import subprocess
import tarfile

import conftest
import lab

# Bytes, stripped, on amd64; 120,000 were meant for the first, and 200,000 for the
# whole package (packaging/README.md).
LIMITS = {"usr/sbin/cwmpgated": 121.5 * 1000}
LIMIT_OF_PROGRAMS = 373 * 1000
PROGRAMS = re.compile(r"usr/(sbin|bin|libexec/cwmpgate)/")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


def contents(deb):
    """{path: size} of the files in @deb."""
    text = subprocess.run(["dpkg-deb", "-c", deb], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    return {words[5].removeprefix("./"): int(words[2])
            for words in map(str.split, text.splitlines()) if words[0].startswith("-")}


def test_version_is_in_one_place(built):
    """Debian's changelog has to follow; everything else takes it from the Makefile."""
    changelog = (lab.REPO / "packaging/debian/changelog").read_text()
    assert re.match(r"cwmpgate \((\S+)-\d+\)", changelog)[1] == conftest.version()
    assert field(built.deb(), "Version").rpartition("-")[0] == conftest.version()
    said = subprocess.run([lab.REPO / "build/cwmpgated", "-V"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    assert said.strip() == f"cwmpgated {conftest.version()}"


def test_unit_tests_run_there(built):
    """In a clean chroot, with nothing but Build-Depends."""
    found = re.findall(r"^(\d+) passed, (\d+) failed$", built.log, re.M)
    assert len(found) == 1 and int(found[0][0]) > 100 and found[0][1] == "0", found


def test_reproducible(builds, built):
    """Once more in another directory, zone, language and user's mask: the same bytes."""
    again = builds["again"].wait()
    first = {p.name: sha256(p) for p in built.files("*.deb")}
    assert len(first) >= 2 and first == {p.name: sha256(p) for p in again.files("*.deb")}


def test_debug_symbols(built):
    name = f"cwmpgate-dbgsym_{conftest.version()}-*.deb"
    assert len(built.files(name)) == 1
    debug = [p for p in contents(built.files(name)[0]) if p.endswith(".debug")]
    assert len(debug) >= 5


def test_module_has_a_package_if_there_is_one(built):
    there = (lab.REPO / "kmod/dkms.conf").exists()
    assert len(built.files("cwmpgate-dkms_*.deb")) == int(there)


def test_lintian(built):
    """Neither an error nor a warning; what is overridden says why."""
    (changes,) = built.files("*.changes")
    built.layer.shell(f"cd /build/built; lintian --allow-root --fail-on error,warning {changes.name}")


def test_configuration_is_kept_on_upgrades(built):
    found = subprocess.run(["dpkg-deb", "-I", built.deb(), "conffiles"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout.split()
    assert set(found) == {"/etc/cwmpgate/cwmpgate.conf", "/etc/logrotate.d/cwmpgate"}


def test_monitoring_is_there(built):
    """As it is in the source, and in no form that Prometheus does not read."""
    there = contents(built.deb())
    for path in (lab.REPO / "docs/monitoring").iterdir():
        assert there[f"usr/share/cwmpgate/monitoring/{path.name}"] == path.stat().st_size


def test_size(built):
    sizes = {path: size for path, size in contents(built.deb()).items() if PROGRAMS.match(path)}
    print(sizes)
    for path, limit in LIMITS.items():
        assert sizes[path] <= limit, f"{path}: {sizes[path]} bytes"
    assert sum(sizes.values()) <= LIMIT_OF_PROGRAMS, sizes


def test_replay_has_a_package(built):
    """So that a router has no libpcap, and what that depends on, for a program it does not need."""
    path = "usr/libexec/cwmpgate/cwmpgate-replay"
    assert path not in contents(built.deb()) and path in contents(built.deb("cwmpgate-replay"))
    assert "libpcap" not in field(built.deb(), "Depends")
    assert "libpcap" in field(built.deb("cwmpgate-replay"), "Depends")


def test_bill_of_materials(built):
    """Every file of the tarball is in it, with its hash."""
    name = f"cwmpgate-{conftest.version()}"
    bill = json.loads((lab.REPO / f"build/{name}.spdx.json").read_text())
    listed = {f["fileName"]: {c["algorithm"]: c["checksumValue"] for c in f["checksums"]}["SHA256"]
              for f in bill["files"]}
    with tarfile.open(lab.REPO / f"build/{name}.tar.gz") as tar:
        there = {"./" + m.name.partition("/")[2]:
                 hashlib.sha256(tar.extractfile(m).read()).hexdigest() for m in tar if m.isfile()}
    assert listed == there
    assert bill["spdxVersion"] == "SPDX-2.3"
    assert bill["packages"][0]["versionInfo"] == conftest.version()
