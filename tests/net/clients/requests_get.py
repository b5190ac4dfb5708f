# SPDX-License-Identifier: GPL-2.0-or-later
"""requests_get.py URL USER PASSWORD: one GET, and the status it ended in."""

import sys

import requests
from requests.auth import HTTPDigestAuth

url, user, password = sys.argv[1:]
session = requests.Session()
session.trust_env = False
print(session.get(url, auth=HTTPDigestAuth(user, password), timeout=5).status_code)
