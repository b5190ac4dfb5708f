#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the bill of materials of a tarball as SPDX 2.3, JSON, to standard output.

    sbom.py cwmpgate-VERSION.tar.gz

One package, its files with their hashes and licences (the SPDX line in each),
and the libraries that the programs are linked with, by the version pkg-config
knows here.  The same tarball and libraries give the same text.
"""

import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile

LICENSE = "GPL-2.0-or-later"
LIBRARIES = {	# by pkg-config's name
    "libnetfilter_queue": "GPL-2.0-or-later",
    "libmnl": "LGPL-2.1-or-later",
    "libconfig": "LGPL-2.1-or-later",
    "libseccomp": "LGPL-2.1-only",
    "libcap-ng": "LGPL-2.1-or-later",
    "libcrypto": "Apache-2.0",
    "libpcap": "BSD-3-Clause",
}


def spdx_id(kind, text):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.]", "-", text)


def license_of(data):
    """What a file says of itself; what says nothing is under the whole's licence."""
    found = re.search(rb"SPDX-License-Identifier: ([A-Za-z0-9.+-]+)", data[:400])
    return found[1].decode() if found else "NOASSERTION"


def file_entry(number, member, data):
    sums = {"SHA1": hashlib.sha1(data), "SHA256": hashlib.sha256(data)}
    own = license_of(data)
    return {
        "fileName": "./" + member.name.partition("/")[2],
        "SPDXID": f"SPDXRef-File-{number}",
        "checksums": [{"algorithm": name, "checksumValue": s.hexdigest()}
                      for name, s in sums.items()],
        "licenseConcluded": LICENSE if own == "NOASSERTION" else own,
        "licenseInfoInFiles": [own],
        "copyrightText": "NOASSERTION",
    }


def files_of(tarball):
    with tarfile.open(tarball) as tar:
        members = sorted((m for m in tar if m.isfile()), key=lambda m: m.name)
        entries = [file_entry(i, m, tar.extractfile(m).read())
                   for i, m in enumerate(members, 1)]
        return entries, max(m.mtime for m in members)


def library_entry(name):
    version = subprocess.run(["pkg-config", "--modversion", name], text=True,
                             stdout=subprocess.PIPE, check=True).stdout.strip()
    return {
        "name": name, "SPDXID": spdx_id("Package", name), "versionInfo": version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": LIBRARIES[name], "licenseDeclared": LIBRARIES[name],
        "copyrightText": "NOASSERTION",
    }


def main_entry(tarball, name, files):
    """With the code SPDX defines over all of a package's files."""
    digests = sorted(f["checksums"][0]["checksumValue"] for f in files)
    return {
        "name": "cwmpgate", "SPDXID": spdx_id("Package", "cwmpgate"),
        "versionInfo": name.partition("-")[2], "packageFileName": tarball.name,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": True,
        "packageVerificationCode": {
            "packageVerificationCodeValue": hashlib.sha1("".join(digests).encode()).hexdigest()},
        "checksums": [{"algorithm": "SHA256",
                       "checksumValue": hashlib.sha256(tarball.read_bytes()).hexdigest()}],
        "licenseConcluded": LICENSE, "licenseDeclared": LICENSE,
        "licenseInfoFromFiles": sorted({i for f in files for i in f["licenseInfoInFiles"]}),
        "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION",
    }


def document(tarball):
    name = tarball.name.removesuffix(".tar.gz")
    files, when = files_of(tarball)
    own = main_entry(tarball, name, files)
    libraries = [library_entry(n) for n in LIBRARIES]
    related = [("SPDXRef-DOCUMENT", "DESCRIBES", own["SPDXID"])]
    related += [(own["SPDXID"], "CONTAINS", f["SPDXID"]) for f in files]
    related += [(own["SPDXID"], "DYNAMIC_LINK", lib["SPDXID"]) for lib in libraries]
    created = datetime.datetime.fromtimestamp(when, datetime.timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace":
            f"https://spdx.org/spdxdocs/{name}-{own['checksums'][0]['checksumValue'][:16]}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: cwmpgate-packaging-sbom"]},
        "packages": [own, *libraries],
        "files": files,
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                          for a, kind, b in related],
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    json.dump(document(pathlib.Path(sys.argv[1])), sys.stdout, indent=1, sort_keys=True)
    print()
