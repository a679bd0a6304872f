# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 20
# settles = 2
# cures = ["tcp.failed", "http.failed"]
# lookers = ["look_at_network"]
# when = ["broken_layer == \"firewall\""]
# share = "network_share"
# fill = {port = "dropped_port"}
# capabilities = ["exec:/usr/sbin/iptables -S INPUT", "exec:/usr/sbin/iptables -D INPUT -p tcp -m tcp --dport {port:port} -j DROP"]
# triggers = ["port is filtered", "connection times out", "防火墙丢弃端口", "连接超时"]
# ///
"""Removes the one firewall rule that silently drops a port which must answer; every other rule stays, nothing is flushed."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, port: int) -> Outcome:
    rule = f"-A INPUT -p tcp -m tcp --dport {port} -j DROP"
    if rule not in host.run(["/usr/sbin/iptables", "-S", "INPUT"]).out.splitlines():
        return Outcome(ok=False, summary=f"no rule drops TCP port {port}; nothing was done")
    removed = host.run(["/usr/sbin/iptables", "-D", "INPUT", "-p", "tcp", "-m", "tcp", "--dport", str(port), "-j", "DROP"])
    if removed.status != 0:
        return Outcome(ok=False, summary=f"the rule was not removed: {removed.err[:200]}")
    return Outcome(ok=True, summary=f"removed the rule {rule}; put it back with the same words")
