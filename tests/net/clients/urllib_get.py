# SPDX-License-Identifier: GPL-2.0-or-later
"""urllib_get.py URL USER PASSWORD: one GET, and the status it ended in."""

import sys
import urllib.error
import urllib.request

url, user, password = sys.argv[1:]
passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, url, user, password)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                     urllib.request.HTTPDigestAuthHandler(passwords))
try:
    print(opener.open(url, timeout=5).status)
except urllib.error.HTTPError as e:
    print(e.code)
