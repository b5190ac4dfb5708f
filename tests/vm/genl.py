# SPDX-License-Identifier: GPL-2.0-or-later
"""The module's netlink family, spoken by hand: also what no library would send."""

import contextlib
import errno
import ipaddress
import os
import re
import socket
import struct

import lab

HEADER = lab.REPO / "kmod/uapi/nf_cwmpgate.h"

NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_DUMP = 1, 2, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
NETLINK_GENERIC = 16
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 1, 2, 7


def _numbers():
    """The enums of the header, by name: what the tests say is what is compiled."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    found = {}
    for body in re.findall(r"enum[^{]*\{(.*?)\}", text, re.S):
        value = -1
        for name, given in re.findall(r"(\w+)\s*(?:=\s*(\d+))?\s*(?:,|$)", body):
            value = int(given) if given else value + 1
            found[name] = value
    return found


globals().update(_numbers())


def attr(kind, data, *, length=None, flags=0):
    """One attribute; @length is what it claims, if that is a lie."""
    size = 4 + len(data)
    return struct.pack("=HH", size if length is None else length, kind | flags) + \
        data + bytes(-size % 4)


def u8(kind, v):
    return attr(kind, bytes([v]))


def u16(kind, v):
    return attr(kind, struct.pack("=H", v))


def u32(kind, v):
    return attr(kind, struct.pack("=I", v))


def text(kind, v):
    return attr(kind, v.encode() + b"\0")


def prefix(text_):
    n = ipaddress.ip_network(text_)
    return attr(CWMPGATE_A_PREFIX, struct.pack("BB16s", n.version, n.prefixlen,
                                               n.network_address.packed))


def rate(events, per_ms, burst):
    return attr(CWMPGATE_A_RATE, u32(CWMPGATE_RATE_A_EVENTS, events) +
                u32(CWMPGATE_RATE_A_PER_MS, per_ms) + u32(CWMPGATE_RATE_A_BURST, burst),
                flags=NLA_F_NESTED)


def config(prefixes=(), *, action=None, ports=lab.PORTS, interfaces=(), per=(1000, 1000, 1000),
           mark=0x40000000, abi=None):
    """The attributes of a SET."""
    return b"".join([
        u32(CWMPGATE_A_ABI, CWMPGATE_ABI if abi is None else abi),
        u8(CWMPGATE_A_ACTION, CWMPGATE_DROP if action is None else action),
        u32(CWMPGATE_A_MARK, mark), rate(*per),
        *(u16(CWMPGATE_A_PORT, p) for p in ports),
        *(text(CWMPGATE_A_INTERFACE, i) for i in interfaces),
        *map(prefix, prefixes)])


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


class Refused(OSError):
    """The kernel's answer to a message was an error."""


class Family:
    """A socket in one namespace, the family's number, the calls."""

    def __init__(self, host, *, wait=3.0):
        with host.entered() if host else contextlib.nullcontext():
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.bind((0, 0))
        self.socket.settimeout(wait)
        self.seq = 0
        self.id, self.group = self._resolve()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _resolve(self):
        answer = self.ask(CTRL_CMD_GETFAMILY, attr(CTRL_ATTR_FAMILY_NAME, b"cwmpgate\0"),
                          kind=GENL_ID_CTRL, version=1)
        found = dict(attributes(answer[0][4:]))
        groups = dict(attributes(found[CTRL_ATTR_MCAST_GROUPS]))
        group = dict(attributes(groups[1]))
        return (struct.unpack("=H", found[CTRL_ATTR_FAMILY_ID])[0],
                struct.unpack("=I", group[2])[0])

    def send(self, payload, kind, flags):
        self.seq += 1
        self.socket.send(struct.pack("=IHHII", 16 + len(payload), kind, flags, self.seq, 0) +
                         payload)

    def ask(self, cmd, data=b"", *, kind=None, flags=NLM_F_ACK, version=1, reserved=0):
        """What comes back, without the netlink headers; Refused if the kernel says so."""
        self.send(struct.pack("=BBH", cmd, version, reserved) + data,
                  self.id if kind is None else kind, NLM_F_REQUEST | flags)
        return self.answer()

    def answer(self):
        messages = []
        while True:
            data = self.socket.recv(1 << 17)
            while len(data) >= 16:
                size, kind, _, _, _ = struct.unpack_from("=IHHII", data)
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    error = -struct.unpack_from("=i", data, 16)[0]
                    if error:
                        raise Refused(error, errno.errorcode.get(error, str(error)))
                    return messages
                messages.append(data[16:size])
                data = data[(size + 3) & ~3:]

    def set(self, *arguments, **named):
        self.ask(CWMPGATE_CMD_SET, config(*arguments, **named))

    def delete(self):
        self.ask(CWMPGATE_CMD_DEL)

    def get(self):
        return dict(attributes(self.ask(CWMPGATE_CMD_GET)[0][4:]))

    def sources(self):
        return struct.unpack("=I", self.get()[CWMPGATE_A_SOURCES])[0]

    def counters(self):
        found = {}
        for message in self.ask(CWMPGATE_CMD_COUNTERS, flags=NLM_F_DUMP):
            a = dict(attributes(message[4:]))
            found[a[CWMPGATE_A_REASON].rstrip(b"\0").decode()] = \
                struct.unpack("=Q", a[CWMPGATE_A_PACKETS])[0]
        return found

    def listen(self):
        self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.group)

    def next_notice(self):
        """The command of the next message that was told to all."""
        data = self.socket.recv(1 << 16)
        return data[16]


def insmod():
    os.spawnlp(os.P_WAIT, "insmod", "insmod", os.environ["CWMPGATE_KO"])


def rmmod():
    return os.spawnlp(os.P_WAIT, "rmmod", "rmmod", "nf_cwmpgate")


def is_loaded():
    return os.path.exists("/sys/module/nf_cwmpgate")
