# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages the module refuses, and that a refused one changes nothing."""

import errno
import struct

import pytest

import genl
from genl import *		# the numbers of the header	# noqa: F403

NEST = genl.NLA_F_NESTED
NUL = b"\0"


def without(kind):
    """A good configuration, but for one attribute."""
    data, out = genl.config(["192.0.2.0/24"]), b""
    while data:
        size, found = struct.unpack_from("=HH", data)
        step = (size + 3) & ~3
        if found & 0x3fff != kind:
            out += data[:step]
        data = data[step:]
    return out


def instead(kind, *others):
    return without(kind) + b"".join(others)


def pfx(version, length, address):
    return genl.attr(CWMPGATE_A_PREFIX, struct.pack("BB16s", version, length, address))


def nest(*inside, flags=NEST):
    return genl.attr(CWMPGATE_A_RATE, b"".join(inside), flags=flags)


def events(v):
    return genl.u32(CWMPGATE_RATE_A_EVENTS, v)


def per_ms(v):
    return genl.u32(CWMPGATE_RATE_A_PER_MS, v)


def burst(v):
    return genl.u32(CWMPGATE_RATE_A_BURST, v)


GOOD = genl.config(["192.0.2.0/24"])
ABI, ACTION, RATE, MARK, PORT, NAME, PREFIX = (
    CWMPGATE_A_ABI, CWMPGATE_A_ACTION, CWMPGATE_A_RATE, CWMPGATE_A_MARK, CWMPGATE_A_PORT,
    CWMPGATE_A_INTERFACE, CWMPGATE_A_PREFIX)

# name: attributes of a SET, or (command, attributes, options of ask()).
BAD = {
    "nothing": b"",
    "no version": without(ABI),
    "older version": instead(ABI, genl.u32(ABI, 0)),
    "newer version": instead(ABI, genl.u32(ABI, CWMPGATE_ABI + 1)),
    "version of one byte": instead(ABI, genl.u8(ABI, 1)),
    "version of eight bytes": instead(ABI, genl.attr(ABI, bytes(8))),
    "version as a nest": instead(ABI, genl.attr(ABI, genl.u32(1, 1), flags=NEST)),
    "no action": without(ACTION),
    "unknown action": instead(ACTION, genl.u8(ACTION, 2)),
    "action 255": instead(ACTION, genl.u8(ACTION, 255)),
    "action of four bytes": instead(ACTION, genl.u32(ACTION, 1)),
    "action of no byte": instead(ACTION, genl.attr(ACTION, b"")),
    "no rate": without(RATE),
    "rate without the nest's flag": instead(RATE, nest(events(1), per_ms(1000), burst(1), flags=0)),
    "empty rate": instead(RATE, nest()),
    "rate that is a number": instead(RATE, genl.u32(RATE, 5)),
    "rate without events": instead(RATE, nest(per_ms(1000), burst(1))),
    "rate without time": instead(RATE, nest(events(1), burst(1))),
    "rate without burst": instead(RATE, nest(events(1), per_ms(1000))),
    "no events": instead(RATE, nest(events(0), per_ms(1000), burst(1))),
    "no time": instead(RATE, nest(events(1), per_ms(0), burst(1))),
    "no burst": instead(RATE, nest(events(1), per_ms(1000), burst(0))),
    "too many events": instead(RATE, nest(events(CWMPGATE_RATE_MAX + 1), per_ms(1000), burst(1))),
    "too much burst": instead(RATE, nest(events(1), per_ms(1000), burst(CWMPGATE_RATE_MAX + 1))),
    "longer than a day": instead(RATE, nest(events(1), per_ms(CWMPGATE_DAY_MS + 1), burst(1))),
    "burst that takes months": instead(RATE, nest(events(1), per_ms(CWMPGATE_DAY_MS), burst(31))),
    "everything at its most": instead(RATE, nest(*(x(0xffffffff) for x in (events, per_ms, burst)))),
    "unknown in the rate": instead(RATE, nest(events(1), per_ms(1000), burst(1), genl.u32(9, 1))),
    "events of two bytes": instead(RATE, nest(genl.u16(CWMPGATE_RATE_A_EVENTS, 1), per_ms(1000), burst(1))),
    "nest in the nest": instead(RATE, nest(genl.attr(CWMPGATE_RATE_A_EVENTS, events(1), flags=NEST),
                                           per_ms(1000), burst(1))),
    "half an attribute in the nest": instead(RATE, nest(events(1), per_ms(1000), burst(1), b"\x08\0")),
    "attribute longer than the nest": instead(RATE, nest(events(1), per_ms(1000), genl.attr(
        CWMPGATE_RATE_A_BURST, bytes(4), length=40))),
    "mark of two bytes": instead(MARK, genl.u16(MARK, 1)),
    "no port": without(PORT),
    "port 0": GOOD + genl.u16(PORT, 0),
    "port of one byte": GOOD + genl.u8(PORT, 80),
    "port of four bytes": GOOD + genl.u32(PORT, 80),
    "port twice": GOOD + genl.u16(PORT, 80) * 2,
    "seventeen ports": without(PORT) + b"".join(genl.u16(PORT, p) for p in range(1, 18)),
    "interface without a name": GOOD + genl.attr(NAME, NUL),
    "interface without its end": GOOD + genl.attr(NAME, b"wan0"),
    "interface too long": GOOD + genl.attr(NAME, b"a" * 16 + NUL),
    "interface of nothing": GOOD + genl.attr(NAME, b""),
    "seventeen interfaces": GOOD + b"".join(genl.text(NAME, f"wan{i}") for i in range(17)),
    "prefix too short": GOOD + genl.attr(PREFIX, bytes(17)),
    "prefix too long": GOOD + genl.attr(PREFIX, bytes(19)),
    "prefix of IPv5": GOOD + pfx(5, 0, bytes(16)),
    "IPv4 prefix of 33": GOOD + pfx(4, 33, bytes(16)),
    "IPv6 prefix of 129": GOOD + pfx(6, 129, bytes(16)),
    "prefix of 255": GOOD + pfx(6, 255, bytes(16)),
    "IPv4 host bits": GOOD + pfx(4, 24, bytes([192, 0, 2, 1])),
    "IPv6 host bits": GOOD + pfx(6, 64, bytes(15) + b"\1"),
    "IPv4 address of sixteen bytes": GOOD + pfx(4, 24, bytes([192, 0, 2]) + bytes(12) + b"\1"),
    "one prefix too many": GOOD + pfx(4, 0, bytes(16)) * CWMPGATE_PREFIXES_MAX,
    "what only the kernel says": GOOD + genl.u32(CWMPGATE_A_SIZE, 1),
    "counter in a configuration": GOOD + genl.attr(CWMPGATE_A_PACKETS, bytes(8)),
    "padding": GOOD + genl.attr(CWMPGATE_A_PAD, b""),
    "attribute 0": GOOD + genl.attr(0, b""),
    "unknown attribute": GOOD + genl.u32(40, 1),
    "unknown nest": GOOD + genl.attr(41, genl.u32(1, 1), flags=NEST),
    "attribute shorter than its head": GOOD + struct.pack("=HH", 3, ABI),
    "attribute longer than the message": GOOD + struct.pack("=HH", 400, ABI) + bytes(4),
    "three bytes more": GOOD + b"\1\2\3",
    "get with an unknown attribute": (CWMPGATE_CMD_GET, genl.u32(40, 1), {}),
    "get with half an attribute": (CWMPGATE_CMD_GET, b"\x10\0", {}),
    "del with a short version": (CWMPGATE_CMD_DEL, genl.u8(ABI, 1), {}),
    "counters, but no dump": (CWMPGATE_CMD_COUNTERS, b"", {}),
    "counters with an unknown attribute": (
        CWMPGATE_CMD_COUNTERS, genl.u32(40, 1), {"flags": genl.NLM_F_DUMP}),
    "dump of a command that has none": (CWMPGATE_CMD_GET, b"", {"flags": genl.NLM_F_DUMP}),
    "command 0": (0, b"", {}),
    "what only the kernel tells": (CWMPGATE_CMD_LOST, b"", {}),
    "command 200": (200, b"", {}),
}


@pytest.fixture
def configured(family):
    family.set(["203.0.113.0/24", "2001:db8::/32"])
    return family


def test_there_are_enough():
    assert len(BAD) >= 40


@pytest.mark.parametrize("name", BAD)
def test_refused(configured, name):
    """The configuration that was there is still there, and the socket goes on."""
    before = configured.get()
    cmd, data, options = BAD[name] if isinstance(BAD[name], tuple) else \
        (CWMPGATE_CMD_SET, BAD[name], {})
    with pytest.raises(genl.Refused):
        configured.ask(cmd, data, **options)
    assert configured.get() == before


def test_the_right_errors(family):
    """A daemon can tell another version from a mistake, and nothing from something."""
    for data, error in ((genl.config(abi=CWMPGATE_ABI + 1), errno.EPROTONOSUPPORT),
                        (BAD["burst that takes months"], errno.ERANGE),
                        (BAD["one prefix too many"], errno.E2BIG)):
        with pytest.raises(genl.Refused) as refused:
            family.ask(CWMPGATE_CMD_SET, data)
        assert refused.value.errno == error
    with pytest.raises(genl.Refused) as refused:
        family.delete()
    assert refused.value.errno == errno.ENOENT


def test_cut_off_everywhere(configured):
    """A good message that ends early is refused at each place, or is a smaller good one."""
    before = configured.get()
    data = genl.config(["192.0.2.0/24"], interfaces=["wan0"])
    for end in range(0, len(data) - 1):
        try:
            configured.ask(CWMPGATE_CMD_SET, data[:end])
            configured.set(["203.0.113.0/24", "2001:db8::/32"])
        except genl.Refused:
            pass
        assert configured.get() == before, end


def test_what_is_said(family):
    assert family.get() == {CWMPGATE_A_ABI: struct.pack("=I", CWMPGATE_ABI)}
    family.set(["192.0.2.0/24", "192.0.2.0/25"], action=CWMPGATE_COUNT)
    assert family.get() == {
        CWMPGATE_A_ABI: struct.pack("=I", CWMPGATE_ABI),
        CWMPGATE_A_ACTION: bytes([CWMPGATE_COUNT]),
        CWMPGATE_A_SIZE: struct.pack("=I", 1), CWMPGATE_A_SOURCES: struct.pack("=I", 0)}
