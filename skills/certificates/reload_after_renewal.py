# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 5
# cures = ["tls.expires_days"]
# lookers = ["look_at_certificate"]
# when = ["certificate_is_renewed"]
# share = "certificate_share"
# fill = {service = "certificate_service"}
# capabilities = [
#   "exec:/usr/sbin/nginx -t", "exec:/usr/sbin/apachectl -t", "exec:/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg",
#   "service.status:{service}", "service.reload:{service}",
# ]
# triggers = [
#   "certificate was renewed but not loaded", "reload the certificate",
#   "certbot renewed but the old certificate is still served", "still serving the old certificate",
#   "new cert on disk not picked up", "renewed with let's encrypt, browser shows the old one",
#   "pick up the new certificate", "证书已续期但未生效", "重新加载证书", "证书续了还是旧的", "证书更新了没有生效",
#   "新证书没有加载", "certbot 续期后仍是旧证书", "换了证书浏览器还显示旧证书", "让新证书生效",
# ]
# ///
"""Has the server load a certificate that was renewed on disk and never loaded; its configuration must pass its own test first."""

from __future__ import annotations

from core.skill import Host, Outcome

TESTS = {
    "nginx": ["/usr/sbin/nginx", "-t"],
    "apache2": ["/usr/sbin/apachectl", "-t"],
    "haproxy": ["/usr/sbin/haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"],
}


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none" or not state.is_running:
        return Outcome(ok=False, summary=f"{service} does not run under anybody here; nothing was done")
    if service in TESTS:
        tested = host.run(TESTS[service])
        if tested.status != 0:
            return Outcome(ok=False, summary=f"{service} fails its own test, nothing was done: {tested.err[:200]}")
    host.service(service).reload()
    return Outcome(ok=True, summary=f"{service} loaded the renewed certificate")


CASES = [
    {
        "name": "loads the renewed one",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"pid": 7}}, "exec": {"/usr/sbin/nginx -t": ""}},
        "expect": {"ok": True, "effects": ["service.reload nginx"]},
    },
    {
        "name": "a server without a test of its own",
        "params": {"service": "proxy"},
        "world": {"services": {"proxy": {"pid": 7}}},
        "expect": {"ok": True, "effects": ["service.reload proxy"]},
    },
    {
        "name": "the key beside it does not match: nothing is loaded",
        "params": {"service": "apache2"},
        "world": {
            "services": {"apache2": {"pid": 7}},
            "exec": {"/usr/sbin/apachectl -t": {"status": 1, "err": "key values mismatch"}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "haproxy fails its test",
        "params": {"service": "haproxy"},
        "world": {
            "services": {"haproxy": {"pid": 7}},
            "exec": {"/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg": {"status": 1}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "it is down",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "nobody supervises it",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"supervisor": "none"}}},
        "expect": {"ok": False, "effects": []},
    },
]
