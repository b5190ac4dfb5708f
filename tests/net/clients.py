# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTTP clients of the interoperability tests, each as Debian has it.

Every one of them makes one GET with digest credentials from the ACS's host;
what comes back is the status it ended in, 0 if there was no answer.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import tempfile

import lab
from gate import PASSWORD, USER

PROGRAMS = lab.REPO / "tests/net/clients"
PYTHON = "/usr/bin/python3"
JVM = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
CURL = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", 5]


def curl(classes, url, user, password):
    return [*CURL, "--digest", "-u", f"{user}:{password}", url]


def curl_anyauth(classes, url, user, password):
    return [*CURL, "--anyauth", "-u", f"{user}:{password}", url]


def wget(classes, url, user, password):
    return ["wget", "-S", "-O", "/dev/null", "--tries=1", "--timeout=5", "--no-proxy",
            f"--user={user}", f"--password={password}", url]


def requests(classes, *arguments):
    return [PYTHON, "-B", PROGRAMS / "requests_get.py", *arguments]


def urllib(classes, *arguments):
    return [PYTHON, "-B", PROGRAMS / "urllib_get.py", *arguments]


def url_connection(classes, *arguments):
    return [*JVM, "-cp", classes, "UrlConnection", *arguments]


def net_http(classes, *arguments):
    return [*JVM, "-cp", classes, "NetHttp", *arguments]


def lwp(classes, *arguments):
    return ["/usr/bin/perl", PROGRAMS / "lwp_get.pl", *arguments]


def genieacs(classes, *arguments):
    return ["node", PROGRAMS / "genieacs.js", *arguments]


# By the name that docs/interop.md has for them.
CLIENTS = {
    "curl": curl,
    "curl --anyauth": curl_anyauth,
    "wget": wget,
    "requests": requests,
    "urllib": urllib,
    "HttpURLConnection": url_connection,
    "java.net.http": net_http,
    "LWP": lwp,
    "GenieACS": genieacs,
}


@contextlib.contextmanager
def java_classes():
    """The directory that holds the compiled Java clients."""
    with tempfile.TemporaryDirectory(prefix=f"cwmpnet{os.getpid()}-java-") as classes:
        subprocess.run(["javac", "-d", classes, *PROGRAMS.glob("*.java")], check=True)
        yield pathlib.Path(classes)


def get(net, classes, client, url, user=USER, password=PASSWORD, *more):
    """Runs @client in the ACS's host and returns the status it ended in."""
    done = net.acs.run(*CLIENTS[client](classes, url, user, password, *more), check=False)
    found = re.findall(r"^ *(?:HTTP/1\.[01] )?(\d\d\d)\b", done.stderr + done.stdout, re.M)
    return int(found[-1]) if found else 0


def url_of(address, path, port=7547):
    return f"http://{f'[{address}]' if ':' in address else address}:{port}{path}"
