# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 20
# settles = 10
# cures = ["route.missing", "dns.failed", "tcp.failed", "http.failed"]
# lookers = ["look_at_network"]
# when = ["broken_layer == \"link\"", "down_link != \"\""]
# share = "network_share"
# fill = {device = "down_link"}
# capabilities = ["exec:/usr/sbin/ip -j addr show", "exec:/usr/sbin/ip link set dev {device:iface} up"]
# triggers = [
#   "link is down", "interface down", "network card is down", "eth0 is administratively down", "state DOWN",
#   "switch the interface on", "ip link set up", "nic disabled", "somebody did ifdown", "网卡被关闭", "链路断开",
#   "网卡 down 了", "网口 down", "启用网卡", "网卡没起来", "打开网卡", "eth0 down", "接口被关了", "ifdown 了",
# ]
# ///
"""Switches a link on that somebody switched off; one without a carrier has a cable or switch problem that this cannot cure."""

from __future__ import annotations

import json

from core.skill import Host, Outcome


def run(host: Host, device: str) -> Outcome:
    links = json.loads(host.run(["/usr/sbin/ip", "-j", "addr", "show"]).out or "[]")
    link = next((one for one in links if one["ifname"] == device), None)
    if link is None or "UP" in link["flags"]:
        state = "is not there" if link is None else "is switched on; if it has no carrier, look at cable and switch"
        return Outcome(ok=False, summary=f"link {device} {state}; nothing was done")
    done = host.run(["/usr/sbin/ip", "link", "set", "dev", device, "up"])
    if done.status != 0:
        return Outcome(ok=False, summary=f"link {device} did not come up: {done.err[:200]}")
    return Outcome(ok=True, summary=f"switched link {device} on; its routes may have to be set again")


CASES = [
    {
        "name": "switches the link on",
        "params": {"device": "eth0"},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname": "eth0", "flags": ["BROADCAST"], "addr_info": []}]',
                "/usr/sbin/ip link set dev eth0 up": "",
            }
        },
        "expect": {"ok": True, "effects": ["exec /usr/sbin/ip link set dev eth0 up"]},
    },
    {
        "name": "a link that is on and has no carrier is a cable problem",
        "params": {"device": "eth0"},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname": "eth0", "flags": ["UP", "NO-CARRIER"], "addr_info": []}]'
            }
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "no such link",
        "params": {"device": "eth7"},
        "world": {"exec": {"/usr/sbin/ip -j addr show": "[]"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "it does not come up",
        "params": {"device": "eth0"},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname": "eth0", "flags": [], "addr_info": []}]',
                "/usr/sbin/ip link set dev eth0 up": {"status": 2, "err": "Operation not permitted"},
            }
        },
        "expect": {"ok": False, "effects": []},
    },
]
