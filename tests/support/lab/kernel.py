"""The kernel's own view: what ss counts, settings, and direct binds."""

import collections
import errno
import socket
import subprocess
import unittest

_SS_STATES = {
    "ESTAB": "established", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_recv", "FIN-WAIT-1": "fin_wait1",
    "FIN-WAIT-2": "fin_wait2", "TIME-WAIT": "time_wait", "UNCONN": "close", "CLOSE-WAIT": "close_wait",
    "LAST-ACK": "last_ack", "LISTEN": "listen", "CLOSING": "closing",
}
TCP_STATES = tuple(_SS_STATES.values())
UDP_STATES = ("established", "close")


def ss_counts(protocol="tcp"):
    """What `ss` counts: a Counter by (family, local port, state)."""
    option = {"tcp": "-Htan", "udp": "-Huan"}[protocol]
    counts = collections.Counter()
    for family, choice in (("ipv4", "-4"), ("ipv6", "-6")):
        lines = subprocess.run(["ss", option, choice], check=True, capture_output=True, text=True).stdout
        for line in lines.splitlines():
            state, _, _, local = line.split()[:4]
            counts[family, int(local.rpartition(":")[2]), _SS_STATES[state]] += 1
    return counts


def ss_sockets(*filters):
    """Every TCP socket that `ss` shows: a Counter by (state, local, peer)."""
    lines = subprocess.run(["ss", "-Htan", *filters], check=True, capture_output=True, text=True).stdout.splitlines()
    return collections.Counter((_SS_STATES[state], local, peer) for state, _, _, local, peer in
                               (line.split()[:5] for line in lines))


def accept_queue(port):
    """Connections that wait for accept() on a port with one listener."""
    lines = subprocess.run(["ss", "-Htln", f"sport = :{port}"], check=True, capture_output=True, text=True).stdout
    return int(lines.split()[1])


def set_sysctl(name, value):
    """Sets a setting of this namespace, such as "ipv4.tcp_max_tw_buckets"; skips the test where that is not allowed."""
    path = "/proc/sys/net/" + name.replace(".", "/")
    try:
        with open(path, "w", encoding="ascii") as setting:
            setting.write(str(value))
    except OSError as error:
        raise unittest.SkipTest(f"{path} cannot be written: {error.strerror}") from None


def get_sysctl(name):
    """The fields of a setting, as text."""
    with open("/proc/sys/net/" + name.replace(".", "/"), encoding="ascii") as setting:
        return setting.read().split()


def new_socket(address, protocol="tcp", reuseaddr=False, v6only=False):
    """An unbound socket of the address's family."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
    if reuseaddr:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def bind_result(address, port, protocol="tcp", reuseaddr=False):
    """A bind made now: "ok" or the name of the errno."""
    with new_socket(address, protocol, reuseaddr) as trial:
        try:
            trial.bind((address, port))
        except OSError as error:
            return errno.errorcode[error.errno]
    return "ok"
