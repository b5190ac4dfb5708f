# SPDX-License-Identifier: GPL-2.0-or-later
"""The OpenWrt packages, as far as they can be tried without OpenWrt's SDK.

Real: busybox's ash runs the scripts, cwmpgated checks what they render, nft the
rules, lua5.1 the collector, musl-gcc compiles.  Stubs, in openwrt/: the SDK's
make files and OpenWrt's shell functions.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
STUBS = pathlib.Path(__file__).parent / "openwrt"
FEED = REPO / "packaging/openwrt"
FILES = FEED / "cwmpgate/files"

sys.path.insert(0, str(REPO / "tests/net"))

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnknownMarkWarning")

ICWMP = "config cpe 'cpe'\n\toption userid 'acs'\n\toption passwd 'it'\\''s \"a\\secret:1'\n"
EASYCWMP = ("config local\n\toption username 'first'\n\toption password 'one'\n"
            "config local\n\toption username 'second'\n\toption password 'two'\n")
ENFORCE = ("config cwmpgate 'main'\n\toption enabled '1'\n\toption mode 'enforce'\n"
           "\tlist acs '192.0.2.0/24'\n\tlist acs '2001:db8:1::/48'\n"
           "\tlist network 'wan'\n\tlist network 'wan6'\n\tlist network 'down'\n"
           "\tlist port '7547'\n\tlist port '30005'\n\toption ban '120'\n"
           "\toption hide_server 'on'\n\tlist path '/a'\n\toption syn '5/s burst 9'\n")


def make(package, target, *more):
    """A target of a package's Makefile, with the stub of the SDK around it."""
    return subprocess.run(
        ["make", "-s", "--no-print-directory", "-C", FEED / package, target,
         f"TOPDIR={STUBS}/sdk", f"INCLUDE_DIR={STUBS}/sdk", f"PKG_BUILD_DIR={REPO}", *more],
        check=True, text=True, stdout=subprocess.PIPE).stdout


class Router:
    """A root with the package installed as its Makefile says, and the stubs."""

    def __init__(self, root):
        self.root = root
        make("cwmpgate", "install", f"ROOT={root}")
        for name in "functions.sh", "functions/network.sh":
            (root / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(STUBS / "functions.sh", root / "lib" / name)

    def config(self, name, text):
        path = self.root / "etc/config" / name
        path.write_text(text)
        return path

    def ash(self, script):
        (self.root / "procd").unlink(missing_ok=True)
        return subprocess.run(
            ["busybox", "ash", "-c", '. "$IPKG_INSTROOT/lib/functions.sh"; '
             '. "$IPKG_INSTROOT/etc/init.d/cwmpgate"; ' + script],
            env={**os.environ, "IPKG_INSTROOT": str(self.root)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def read(self, name):
        path = self.root / name
        return path.read_text() if path.exists() else ""

    def procd(self):
        return self.read("procd").splitlines()


@pytest.fixture
def router(tmp_path):
    return Router(tmp_path)


def test_installed_files(router):
    modes = {str(p.relative_to(router.root)): p.stat().st_mode & 0o777
             for p in router.root.rglob("*") if p.is_file()}
    assert modes["etc/config/cwmpgate"] == 0o600
    assert modes["etc/init.d/cwmpgate"] == modes["usr/sbin/cwmpgated"] == 0o755
    assert {"usr/libexec/cwmpgate/cwmpgate-guard", "usr/libexec/cwmpgate/cwmpgate-judge",
            "usr/share/cwmpgate/rules/enforce.nft", "lib/upgrade/keep.d/cwmpgate",
            "usr/share/nftables.d/ruleset-post/40-cwmpgate.nft"} <= set(modes)
    assert router.read("lib/upgrade/keep.d/cwmpgate") == "/etc/cwmpgate/\n"


@pytest.mark.parametrize("package", ["cwmpgate", "kmod-cwmpgate"])
def test_makefile(package):
    shown = make(package, "show")
    version = re.search(r"^VERSION\s*:?=\s*(\S+)", (REPO / "Makefile").read_text(), re.M)[1]
    assert f"PKG_VERSION={version}\n" in shown
    assert "PKG_SOURCE=cwmpgate-" in shown and "PKG_LICENSE=GPL-2.0-" in shown
    assert ("/etc/config/cwmpgate" in shown) == (package == "cwmpgate")


def test_shellcheck():
    subprocess.run(["shellcheck", *(FILES / n for n in ("cwmpgate.init", "follow", "render.sh")),
                    STUBS / "functions.sh", REPO / "tests/deps.sh",
                    *(REPO / "tests/cross" / n for n in ("build", "calls", "size", "sysroot"))], check=True)


def test_disabled_as_shipped(router):
    assert router.ash("start_service").returncode == 0
    assert not [line for line in router.procd() if "instance" in line]
    assert not (router.root / "var/etc/cwmpgate/cwmpgate.conf").exists()


def test_shipped_and_enabled(router):
    router.config("cwmpgate", (FILES / "cwmpgate.config").read_text().replace("'0'", "'1'"))
    done = router.ash("start_service")
    assert done.returncode == 0, done.stdout
    assert 'mode = "monitor";' in router.read("var/etc/cwmpgate/cwmpgate.conf")
    assert router.read("var/etc/cwmpgate/fw4.d/closed.nft") == ""


def test_enforce(router):
    router.config("cwmpgate", ENFORCE)
    router.config("cwmp", ICWMP)
    done = router.ash("start_service")
    assert done.returncode == 0, done.stdout
    etc = router.root / "var/etc/cwmpgate"
    assert (etc / "cwmpgate.conf").read_text() == f"""\
# generated from /etc/config/cwmpgate; do not edit
mode = "enforce";
syn = "5/s burst 9";
ban = 120;
hide_server = true;
ports = [ 7547, 30005 ];
acs = [ "192.0.2.0/24", "2001:db8:1::/48" ];
path = [ "/a" ];
interfaces = [ "eth0.2" ];
credentials = "{etc}/credentials";
control = "/var/run/cwmpgate/control";
metrics_file = "/var/run/cwmpgate/metrics.prom";
acs_state = "/etc/cwmpgate/acs";
"""
    assert (etc / "credentials").read_text() == "acs:it's \"a\\secret:1\n"
    assert (etc / "credentials").stat().st_mode & 0o777 == 0o600
    told = router.procd()
    command = next(line for line in told if line.startswith("procd_set_param command"))
    assert command == f"procd_set_param command /usr/sbin/cwmpgated -f -c {etc}/cwmpgate.conf"
    for line in ("procd_set_param respawn 3600 2 0", "procd_set_param reload_signal HUP",
                 "procd_set_param capabilities /etc/capabilities/cwmpgate.json",
                 "procd_set_param command /usr/libexec/cwmpgate/follow icwmp",
                 "json_add_string dest_port 7547 30005",
                 "json_add_string mark 0x40000000/0x40000000", "json_add_string target ACCEPT"):
        assert line in told


def test_values_are_quoted(router):
    """What UCI holds never becomes a setting of its own."""
    router.config("cwmpgate", "config cwmpgate 'main'\n\toption enabled '1'\n"
                  "\toption syn '1/s\"; mode = \"block'\n\toption agent 'none'\n")
    done = router.ash("start_service")
    assert done.returncode != 0 and "syn: " in done.stdout
    assert 'syn = "1/s\\"; mode = \\"block";\n' in router.read("var/etc/cwmpgate/cwmpgate.conf.new")
    assert "procd_open_instance " not in router.procd()
    assert not (router.root / "var/etc/cwmpgate/cwmpgate.conf").exists()


@pytest.mark.parametrize("text,word", [
    ("\toption modus 'enforce'\n", "unknown: modus"),
    ("\toption mode 'enforced'\n", '"enforced"'),
    ("\toption conffile '/etc/cwmpgate/cwmpgate.conf'\n\toption mode 'block'\n",
     "'mode' does nothing beside 'conffile'"),
    ("\toption agent 'tr069d'\n", "found 'tr069d'"),
    ("\toption agent 'icwmp'\n\toption mode 'enforce'\n", "no user or no password"),
    ("\toption mode 'enforce'\n", 'mode is "enforce"'),
])
def test_refused(router, text, word):
    """Said in words, and what was there before stays."""
    router.config("cwmpgate", ENFORCE)
    router.config("cwmp", ICWMP)
    assert router.ash("start_service").returncode == 0
    before = router.read("var/etc/cwmpgate/cwmpgate.conf")
    router.config("cwmp", "config cpe 'cpe'\n")
    router.config("cwmpgate", "config cwmpgate 'main'\n\toption enabled '1'\n" + text)
    done = router.ash("start_service")
    assert done.returncode != 0 and word in done.stdout, done.stdout
    assert router.read("var/etc/cwmpgate/cwmpgate.conf") == before
    assert "procd_open_instance " not in router.procd()


def test_every_setting_is_an_option(router):
    """Those that are lists have UCI's own names."""
    words = re.findall(r'^(?:TEXTS|NUMBERS)="([^"]*)"', router.read("usr/libexec/cwmpgate/render.sh"),
                       re.M)
    settings = re.findall(r"^#([a-z_]+) = ", (REPO / "conf/cwmpgate.conf").read_text(), re.M)
    own = {"ports", "acs", "path", "interfaces", "credentials"}
    assert {x for w in words for x in w.split() if "$" not in x} == set(settings) - own


def test_own_file(router):
    router.config("cwmpgate", "config cwmpgate 'main'\n\toption enabled '1'\n"
                  "\toption conffile '/etc/cwmpgate/cwmpgate.conf'\n")
    assert router.ash("start_service").returncode == 0
    assert any(line.endswith("-f -c " + str(router.root / "etc/cwmpgate/cwmpgate.conf"))
               for line in router.procd())


def test_easycwmp_is_found_and_followed(router):
    """The first section `local`; then the ACS sets another password."""
    router.config("cwmpgate", ENFORCE)
    agent = router.config("easycwmp", EASYCWMP)
    assert router.ash("start_service").returncode == 0
    credentials = router.root / "var/etc/cwmpgate/credentials"
    assert credentials.read_text() == "first:one\n"
    (router.root / "bin").mkdir()
    logger = router.root / "bin/logger"
    logger.write_text("#!/bin/sh\n")
    logger.chmod(0o755)
    follower = subprocess.Popen(
        ["busybox", "ash", router.root / "usr/libexec/cwmpgate/follow", "easycwmp", "0.2"],
        env={**os.environ, "IPKG_INSTROOT": str(router.root)})
    try:
        for password in "three", "", "four":
            new = agent.with_name("easycwmp.new")
            new.write_text(EASYCWMP.replace("'one'", f"'{password}'"))
            new.rename(agent)
            if password:
                until(lambda: credentials.read_text() == f"first:{password}\n")
            else:
                time.sleep(0.6)			# nothing changes
                assert credentials.read_text() == "first:three\n"
        assert credentials.stat().st_mode & 0o777 == 0o600
    finally:
        follower.kill()
        follower.wait()


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


@pytest.mark.parametrize("mode,closed", [("enforce", True), ("block", True), ("monitor", False)])
def test_fw4_part(router, mode, closed):
    """The static file includes what was rendered, and nft takes both, twice."""
    router.config("cwmpgate", ENFORCE.replace("'enforce'", f"'{mode}'"))
    router.config("cwmp", ICWMP)
    assert router.ash("start_service").returncode == 0
    part = router.read("usr/share/nftables.d/ruleset-post/40-cwmpgate.nft").replace(
        "/var/etc", f"{router.root}/var/etc")
    listed = subprocess.run(
        ["unshare", "-n", "sh", "-c", "nft -f - && nft list ruleset"],
        input=part + part, text=True, check=True, stdout=subprocess.PIPE).stdout
    assert ("tcp dport { 7547, 30005 }" in listed and 'iifname "eth0.2"' in listed and
            " drop" in listed) == closed
    assert ("meta mark & 0x40000000 == 0x00000000" in listed) == (mode == "enforce")


def test_fw4_part_without_the_package_started(router):
    part = router.read("usr/share/nftables.d/ruleset-post/40-cwmpgate.nft")
    subprocess.run(["unshare", "-n", "nft", "-c", "-f", "-"], input=part, text=True, check=True)


COLLECTOR = """
-- A STUB of the exporter's API: metric(name, type, labels, value).
local function put(name, labels, value)
  local keys, words = {}, {}
  for key in pairs(labels or {}) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do words[#words + 1] = key .. "=" .. labels[key] end
  print(name, table.concat(words, ","), value)
end
function metric(name, kind, labels, value)
  print("TYPE", name, kind)
  if value then put(name, labels, value) end
  return function(l, v) put(name, l, v) end
end
local open = io.open
io.open = function(name) return open(os.getenv("METRICS")) end
dofile(arg[1]).scrape()
"""


def collect(tmp_path, metrics):
    stub = tmp_path / "stub.lua"
    stub.write_text(COLLECTOR)
    return subprocess.run(["lua5.1", stub, FILES / "cwmpgate.lua"], check=True, text=True,
                          env={**os.environ, "METRICS": str(metrics)},
                          stdout=subprocess.PIPE).stdout.splitlines()


def test_collector(tmp_path):
    """Every number of the real daemon's file, with its type."""
    import gate as gate_module
    import lab
    with lab.Net() as net:
        gate = gate_module.Gate(net, metrics_file=str(tmp_path / "metrics.prom"))
        gate.start()
        until(lambda: (tmp_path / "metrics.prom").exists())
        text = (tmp_path / "metrics.prom").read_text()
        gate.stop()
        gate.unload()
    (tmp_path / "metrics.prom").write_text(text)
    lines = collect(tmp_path, tmp_path / "metrics.prom")
    numbers = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(numbers) > 40
    assert len([line for line in lines if not line.startswith("TYPE")]) == len(numbers)
    assert "cwmpgate_up\t\t1" in lines
    assert any(re.match(r"cwmpgate_\w+\t\w+=[\w,=-]+\t\d", line) for line in lines)


def test_collector_without_a_daemon(tmp_path):
    assert collect(tmp_path, tmp_path / "none") == ["TYPE\tcwmpgate_up\tgauge", "cwmpgate_up\t\t0"]


def capabilities():
    return json.loads((FILES / "capabilities.json").read_text())


def serves_with(names):
    """Whether the daemon guards when root has these capabilities and no other."""
    import gate as gate_module
    import lab
    from test_good import curl
    from agent import Agent
    words = ",".join(["-all"] + ["+" + n.removeprefix("CAP_").lower() for n in names])
    with lab.Net() as net:
        agent = Agent(net)
        gate = gate_module.Gate(net)
        argv = gate.argv
        gate.argv = lambda *more: ["setpriv", "--bounding-set", words, "--inh-caps", "-all",
                                   *argv(*more)]
        try:
            gate.start()
            good = curl(net, lab.ROUTER4) == "200"
            first = gate.processes()["cwmpgate-judge"]
            os.kill(first, 9)
            until(lambda: gate.processes().get("cwmpgate-judge", first) != first)
            until(lambda: curl(net, lab.ROUTER4) == "200")
            gate.write_credentials("x:y\n")
            until(lambda: "read anew" in gate.log())
            return good
        except AssertionError:
            return False
        finally:
            gate.stop()
            agent.stop()


def test_capabilities_suffice():
    assert capabilities()["bounding"] == capabilities()["permitted"]
    assert serves_with(capabilities()["bounding"])


@pytest.mark.parametrize("name", capabilities()["bounding"])
def test_each_capability_is_needed(name):
    assert not serves_with([n for n in capabilities()["bounding"] if n != name])


def test_compiles_with_musl(tmp_path):
    """As the package's Makefile has it compiled.  The libraries are Debian's, and so
    glibc's: the programs link, they do not run."""
    for part in REPO.glob("*"):
        if part.name != "build":
            (tmp_path / part.name).symlink_to(part)
    include = tmp_path / "include"
    include.mkdir()
    machine = pathlib.Path("/usr/include/x86_64-linux-gnu")
    for name in ("linux", "asm-generic", "libmnl", "libnetfilter_queue", "libnfnetlink", "openssl",
                 "libconfig.h", "seccomp.h", "seccomp-syscalls.h", "cap-ng.h"):
        (include / name).symlink_to(pathlib.Path("/usr/include") / name)
    (include / "asm").symlink_to(machine / "asm")
    (tmp_path / "include2").mkdir()
    (tmp_path / "include2/openssl").symlink_to(machine / "openssl")
    make("cwmpgate", "compile", f"PKG_BUILD_DIR={tmp_path}",
         f"TARGET_CC=musl-gcc -idirafter {include} -idirafter {tmp_path}/include2",
         "TARGET_LDFLAGS=-L/usr/lib/x86_64-linux-gnu -Wl,--allow-shlib-undefined")
    for program in "cwmpgated", "cwmpgate", "cwmpgate-guard", "cwmpgate-judge", "cwmpgate-resolver":
        said = subprocess.run(["readelf", "-l", tmp_path / "build" / program], check=True,
                              text=True, stdout=subprocess.PIPE).stdout
        assert "ld-musl-" in said
