# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 20
# settles = 2
# cures = ["tcp.failed", "http.failed"]
# lookers = ["look_at_network", "find_dropping_rule"]
# when = ["broken_layer == \"none here\"", "firewall_drops"]
# share = "firewall_share"
# fill = {port = "dropped_port"}
# capabilities = ["exec:/usr/sbin/iptables -S INPUT", "exec:/usr/sbin/iptables -D INPUT -p tcp -m tcp --dport {port} -j DROP"]
# triggers = [
#   "port is filtered", "connection times out", "firewall blocks the port", "somebody added a DROP rule",
#   "iptables blocks 443", "remove the drop rule", "open the blocked port", "unblock the port in the firewall",
#   "packets are silently dropped", "防火墙丢弃端口", "连接超时", "防火墙拦了端口", "端口被防火墙挡住",
#   "删除防火墙规则", "放开端口", "有人加了 DROP 规则", "防火墙把端口封了", "iptables 拦截", "放行端口", "解封端口",
#   "delete the iptables DROP rule", "删掉 iptables 的 drop 规则",
# ]
# ///
"""Removes the one firewall rule that silently drops a port which must answer; every other rule stays, nothing is flushed."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, port: int) -> Outcome:
    rule = f"-A INPUT -p tcp -m tcp --dport {port} -j DROP"
    if rule not in host.run(["/usr/sbin/iptables", "-S", "INPUT"]).out.splitlines():
        return Outcome(ok=False, summary=f"no rule drops TCP port {port}; nothing was done")
    removed = host.run(
        ["/usr/sbin/iptables", "-D", "INPUT", "-p", "tcp", "-m", "tcp", "--dport", str(port), "-j", "DROP"]
    )
    if removed.status != 0:
        return Outcome(ok=False, summary=f"the rule was not removed: {removed.err[:200]}")
    return Outcome(ok=True, summary=f"removed the rule {rule}; put it back with the same words")


CASES = [
    {
        "name": "removes exactly that rule",
        "params": {"port": 8080},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n",
                "/usr/sbin/iptables -D INPUT -p tcp -m tcp --dport 8080 -j DROP": "",
            }
        },
        "expect": {"ok": True, "effects": ["exec /usr/sbin/iptables -D INPUT -p tcp -m tcp --dport 8080 -j DROP"]},
    },
    {
        "name": "a rule that says more is another rule",
        "params": {"port": 8080},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": "-P INPUT ACCEPT\n-A INPUT -s 10.0.0.9/32 -p tcp -m tcp --dport 8080 -j DROP\n"
            }
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "iptables refuses",
        "params": {"port": 8080},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": "-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n",
                "/usr/sbin/iptables -D INPUT -p tcp -m tcp --dport 8080 -j DROP": {"status": 1, "err": "Bad rule"},
            }
        },
        "expect": {"ok": False, "effects": []},
    },
]
