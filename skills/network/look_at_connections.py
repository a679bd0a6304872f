# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["tcp.failed", "http.failed"]
# capabilities = [
#   "fs.read:/proc/net/sockstat", "fs.read:/proc/sys/net/ipv4/ip_local_port_range",
#   "fs.read:/proc/sys/net/netfilter/nf_conntrack_count", "fs.read:/proc/sys/net/netfilter/nf_conntrack_max",
# ]
# triggers = [
#   "conntrack table full", "out of local ports", "nf_conntrack: table full, dropping packet", "too many TIME_WAIT",
#   "cannot assign requested address", "ephemeral ports exhausted", "how many connections",
#   "tcp connections piling up", "EADDRNOTAVAIL", "连接跟踪表满了", "本地端口用尽", "nf_conntrack 满了",
#   "TIME_WAIT 太多", "连接数太多", "TCP 连接堆积", "无法分配请求的地址", "临时端口耗尽", "丢包 conntrack",
# ]
# ///
"""Says how full the kernel's table of tracked connections is, and how many of the ports for outgoing connections are in use."""

from __future__ import annotations

import re

from core.skill import Host, HostError, Outcome

NEARLY = 0.9


def run(host: Host) -> Outcome:
    sockets = host.read("/proc/net/sockstat")
    first, last = map(int, host.read("/proc/sys/net/ipv4/ip_local_port_range").split())
    used = sum(
        int(count) for count in re.findall(r"(?m)^TCP: inuse (\d+)|(?<= tw )(\d+)", sockets) for count in count if count
    )
    tracked, room = counter(host, "count"), counter(host, "max")
    ports = round(used / (last - first + 1), 3)
    table = round(tracked / room, 3) if room > 0 else 0.0
    facts = {
        "tcp_sockets": used,
        "local_ports_share": ports,
        "local_ports_are_scarce": ports >= NEARLY,
        "tracked_connections": tracked,
        "tracked_share": table,
        "tracking_table_is_full": table >= NEARLY,
    }
    tracking = f"{tracked} of {room} connections are tracked" if room > 0 else "no connection is tracked"
    # Ports run out towards one address; counted here are those to all, so a low figure is no proof that there are enough.
    said = f"{used} TCP sockets for {last - first + 1} local ports; {tracking}"
    return Outcome(ok=True, summary=said, facts=facts)


def counter(host: Host, name: str) -> int:
    """One of the table's figures; -1 where nothing is tracked here."""
    try:
        return int(host.read(f"/proc/sys/net/netfilter/nf_conntrack_{name}"))
    except HostError as error:
        if error.code != "missing":
            raise
        return -1


CASES = [
    {
        "name": "the table is nearly full",
        "params": {},
        "world": {
            "files": {
                "/proc/net/sockstat": (
                    "sockets: used 76\nTCP: inuse 10 orphan 1 tw 14 alloc 17 mem 159\nUDP: inuse 3 mem 256\n"
                ),
                "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
                "/proc/sys/net/netfilter/nf_conntrack_count": "118000\n",
                "/proc/sys/net/netfilter/nf_conntrack_max": "131072\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "tcp_sockets": 24,
                "local_ports_share": 0.001,
                "local_ports_are_scarce": False,
                "tracked_connections": 118000,
                "tracked_share": 0.9,
                "tracking_table_is_full": True,
            },
        },
    },
    {
        "name": "there is room in both",
        "params": {},
        "world": {
            "files": {
                "/proc/net/sockstat": (
                    "sockets: used 76\nTCP: inuse 10 orphan 1 tw 14 alloc 17 mem 159\nUDP: inuse 3 mem 256\n"
                ),
                "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
                "/proc/sys/net/netfilter/nf_conntrack_count": "5\n",
                "/proc/sys/net/netfilter/nf_conntrack_max": "131072\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "tcp_sockets": 24,
                "local_ports_share": 0.001,
                "local_ports_are_scarce": False,
                "tracked_connections": 5,
                "tracked_share": 0.0,
                "tracking_table_is_full": False,
            },
        },
    },
    {
        "name": "nearly all local ports are in use",
        "params": {},
        "world": {
            "files": {
                "/proc/net/sockstat": (
                    "sockets: used 76\nTCP: inuse 10 orphan 1 tw 14 alloc 17 mem 159\nUDP: inuse 3 mem 256\n"
                ),
                "/proc/sys/net/ipv4/ip_local_port_range": "1000 1026\n",
                "/proc/sys/net/netfilter/nf_conntrack_count": None,
                "/proc/sys/net/netfilter/nf_conntrack_max": None,
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "tcp_sockets": 24,
                "local_ports_share": 0.889,
                "local_ports_are_scarce": False,
                "tracked_connections": -1,
                "tracked_share": 0.0,
                "tracking_table_is_full": False,
            },
        },
    },
    {
        "name": "at nine tenths they are scarce",
        "params": {},
        "world": {
            "files": {
                "/proc/net/sockstat": (
                    "sockets: used 76\nTCP: inuse 10 orphan 1 tw 14 alloc 17 mem 159\nUDP: inuse 3 mem 256\n"
                ),
                "/proc/sys/net/ipv4/ip_local_port_range": "1000 1025\n",
                "/proc/sys/net/netfilter/nf_conntrack_count": None,
                "/proc/sys/net/netfilter/nf_conntrack_max": None,
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "tcp_sockets": 24,
                "local_ports_share": 0.923,
                "local_ports_are_scarce": True,
                "tracked_connections": -1,
                "tracked_share": 0.0,
                "tracking_table_is_full": False,
            },
        },
    },
    {
        "name": "nothing is used",
        "params": {},
        "world": {
            "files": {
                "/proc/net/sockstat": "TCP: inuse 0 orphan 0 tw 0 alloc 7\n",
                "/proc/sys/net/ipv4/ip_local_port_range": "1000 1001",
                "/proc/sys/net/netfilter/nf_conntrack_count": "0\n",
                "/proc/sys/net/netfilter/nf_conntrack_max": "0\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "tcp_sockets": 0,
                "local_ports_share": 0.0,
                "local_ports_are_scarce": False,
                "tracked_connections": 0,
                "tracked_share": 0.0,
                "tracking_table_is_full": False,
            },
        },
    },
]
