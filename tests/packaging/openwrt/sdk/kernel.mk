# SPDX-License-Identifier: GPL-2.0-or-later
# A STUB: all of it is in rules.mk.
