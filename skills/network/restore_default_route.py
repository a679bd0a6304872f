# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 20
# settles = 2
# cures = ["route.missing"]
# lookers = ["look_at_network", "find_stated_network"]
# when = ["broken_layer == \"route\"", "stated_gateways == 1"]
# share = "network_share"
# fill = {gateway = "stated_gateway", device = "stated_device"}
# capabilities = ["exec:/usr/sbin/ip -j -4 route show", "exec:/usr/sbin/ip route add default via {gateway:addr} dev {device:iface}"]
# triggers = [
#   "default route missing", "network is unreachable", "no default gateway", "ip route shows no default",
#   "default route is gone", "lost the gateway", "add the default route back", "connect: Network is unreachable",
#   "默认路由丢失", "网络不可达", "默认网关没了", "默认路由没了", "没有默认路由", "路由丢了", "恢复默认路由",
#   "加回默认网关", "网关丢了出不了外网", "路由表没有 default",
# ]
# ///
"""Sets the default route back to the one gateway that this host's own configuration states; never replaces one that is there."""

from __future__ import annotations

import json

from core.skill import Host, Outcome


def run(host: Host, gateway: str, device: str) -> Outcome:
    routes = json.loads(host.run(["/usr/sbin/ip", "-j", "-4", "route", "show"]).out or "[]")
    default = next((route for route in routes if route["dst"] == "default"), None)
    if default:
        return Outcome(
            ok=False, summary=f"there is a default route via {default.get('gateway', 'a link')}; nothing was done"
        )
    added = host.run(["/usr/sbin/ip", "route", "add", "default", "via", gateway, "dev", device])
    if added.status != 0:
        return Outcome(ok=False, summary=f"the route via {gateway} was not accepted: {added.err[:200]}")
    return Outcome(
        ok=True, summary=f"set the default route via {gateway} on {device}, as this host's configuration states"
    )


CASES = [
    {
        "name": "sets the stated route",
        "params": {"gateway": "10.0.0.1", "device": "eth0"},
        "world": {
            "exec": {
                "/usr/sbin/ip -j -4 route show": '[{"dst": "10.0.0.0/24", "dev": "eth0"}]',
                "/usr/sbin/ip route show default": "",
                "/usr/sbin/ip route add default via 10.0.0.1 dev eth0": "",
            }
        },
        "expect": {"ok": True, "effects": ["exec /usr/sbin/ip route add default via 10.0.0.1 dev eth0"]},
    },
    {
        "name": "a default route that is there is never replaced",
        "params": {"gateway": "10.0.0.1", "device": "eth0"},
        "world": {
            "exec": {"/usr/sbin/ip -j -4 route show": '[{"dst": "default", "gateway": "10.0.0.254", "dev": "eth1"}]'}
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "the kernel refuses it",
        "params": {"gateway": "10.0.9.1", "device": "eth0"},
        "world": {
            "exec": {
                "/usr/sbin/ip -j -4 route show": "[]",
                "/usr/sbin/ip route show default": "",
                "/usr/sbin/ip route add default via 10.0.9.1 dev eth0": {
                    "status": 2,
                    "err": "Error: Nexthop has invalid gateway.",
                },
            }
        },
        "expect": {"ok": False, "effects": []},
    },
]
