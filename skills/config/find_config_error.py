# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["process.down", "process.restarts"]
# fill = {in_trouble = "service_is_in_trouble"}
# capabilities = [
#   "exec:/usr/sbin/nginx -t", "exec:/usr/sbin/apachectl -t", "exec:/usr/sbin/named-checkconf",
#   "exec:/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg",
# ]
# quotes = ["config_error"]
# triggers = [
#   "configuration error", "does the configuration pass its test", "nginx -t fails", "configuration file test failed",
#   "syntax error in the config, which line", "invalid directive", "unknown directive", "apachectl configtest",
#   "haproxy -c", "validate the config", "配置文件有错误", "配置检查不通过", "配置哪一行写错了", "nginx -t 报错",
#   "配置语法检查", "校验配置文件", "配置测试失败", "未知指令",
# ]
# ///
"""Has a program test its own configuration, and says in which file and line it finds a mistake."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

TESTS = {
    "nginx": ["/usr/sbin/nginx", "-t"],
    "apache2": ["/usr/sbin/apachectl", "-t"],
    "named": ["/usr/sbin/named-checkconf"],
    "haproxy": ["/usr/sbin/haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"],
}
MISTAKE_AT = re.compile(r"(?:in |on line (?P<before>\d+) of |: )?(?P<file>/etc/[\w./@+-]+)(?::(?P<line>\d+))?")
STRAY = re.compile(r"/sites-enabled/[^/]+(?:\.(?:bak|orig|old|save|swp|dpkg-\w+|ucf-\w+|rpm\w+|\d{8})|~)$")


def run(host: Host, service: str, in_trouble: bool = True) -> Outcome:
    fine = {"config_service": service, "config_is_broken": False, "config_share": 0.0}
    test = TESTS.get(service)
    if test is None or not in_trouble:
        return Outcome(ok=True, summary=f"the configuration of {service} was not tested", facts=fine)
    tested = host.run(test)
    said = (tested.err + tested.out).strip()[:300]
    # A test that lacked the rights to read its files says nothing.
    if tested.status in {0, 127} or "Permission denied" in said:
        return Outcome(ok=True, summary=f"the configuration of {service} shows no mistake", facts=fine)
    where = MISTAKE_AT.search(said)
    broken = {
        "config_is_broken": True,
        "config_share": 1.0,
        "config_error": said,
        "broken_config_file": where["file"] if where else "",
        "broken_config_is_stray": bool(where and STRAY.search(where["file"])),
        "broken_config_line": int(where["line"] or where["before"] or 0) if where else 0,
    }
    return Outcome(ok=True, summary=f"the configuration of {service} fails its own test: {said}", facts=fine | broken)


CASES = [
    {
        "name": "nginx says which line it cannot read",
        "params": {"service": "nginx"},
        "world": {
            "exec": {
                "/usr/sbin/nginx -t": {
                    "status": 1,
                    "err": 'nginx: [emerg] unexpected ";" in /etc/nginx/sites-enabled/shop:1\n',
                }
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "config_service": "nginx",
                "config_is_broken": True,
                "config_share": 1.0,
                "config_error": 'nginx: [emerg] unexpected ";" in /etc/nginx/sites-enabled/shop:1',
                "broken_config_file": "/etc/nginx/sites-enabled/shop",
                "broken_config_is_stray": False,
                "broken_config_line": 1,
            },
        },
    },
    {
        "name": "it stumbles over a backup copy",
        "params": {"service": "nginx"},
        "world": {
            "exec": {
                "/usr/sbin/nginx -t": {
                    "status": 1,
                    "err": "nginx: [emerg] a duplicate default server for 0.0.0.0:80 in /etc/nginx/sites-enabled/shop.bak:2\n",
                }
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "config_service": "nginx",
                "config_is_broken": True,
                "config_share": 1.0,
                "config_error": "nginx: [emerg] a duplicate default server for 0.0.0.0:80 in /etc/nginx/sites-enabled/shop.bak:2",
                "broken_config_file": "/etc/nginx/sites-enabled/shop.bak",
                "broken_config_is_stray": True,
                "broken_config_line": 2,
            },
        },
    },
    {
        "name": "Apache names the line first",
        "params": {"service": "apache2"},
        "world": {
            "exec": {
                "/usr/sbin/apachectl -t": {
                    "status": 1,
                    "out": "AH00526: Syntax error on line 7 of /etc/apache2/apache2.conf:\n",
                }
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "config_service": "apache2",
                "config_is_broken": True,
                "config_share": 1.0,
                "config_error": "AH00526: Syntax error on line 7 of /etc/apache2/apache2.conf:",
                "broken_config_file": "/etc/apache2/apache2.conf",
                "broken_config_is_stray": False,
                "broken_config_line": 7,
            },
        },
    },
    {
        "name": "HAProxy names no file",
        "params": {"service": "haproxy"},
        "world": {
            "exec": {
                "/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg": {
                    "status": 1,
                    "err": "[ALERT] parsing : no proxy section",
                }
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "config_service": "haproxy",
                "config_is_broken": True,
                "config_share": 1.0,
                "config_error": "[ALERT] parsing : no proxy section",
                "broken_config_file": "",
                "broken_config_is_stray": False,
                "broken_config_line": 0,
            },
        },
    },
    {
        "name": "BIND names a file without a line",
        "params": {"service": "named"},
        "world": {
            "exec": {
                "/usr/sbin/named-checkconf": {
                    "status": 1,
                    "out": "none:0: open: /etc/bind/named.conf.local: file not found\n",
                }
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "config_service": "named",
                "config_is_broken": True,
                "config_share": 1.0,
                "config_error": "none:0: open: /etc/bind/named.conf.local: file not found",
                "broken_config_file": "/etc/bind/named.conf.local",
                "broken_config_is_stray": False,
                "broken_config_line": 0,
            },
        },
    },
    {
        "name": "it passes",
        "params": {"service": "nginx"},
        "world": {"exec": {"/usr/sbin/nginx -t": {"err": "test is successful in /etc/nginx/nginx.conf"}}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"config_service": "nginx", "config_is_broken": False, "config_share": 0.0},
        },
    },
    {
        "name": "who looks may not read all of it, so that the test says nothing",
        "params": {"service": "apache2"},
        "world": {
            "exec": {"/usr/sbin/apachectl -t": {"status": 1, "err": "AH: could not open /etc/x: Permission denied"}}
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"config_service": "apache2", "config_is_broken": False, "config_share": 0.0},
        },
    },
    {
        "name": "it is not installed",
        "params": {"service": "nginx"},
        "world": {"exec": {"/usr/sbin/nginx -t": {"status": 127, "err": "not found in /etc/x"}}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"config_service": "nginx", "config_is_broken": False, "config_share": 0.0},
        },
    },
    {
        "name": "what is in no trouble is not tested",
        "params": {"service": "nginx", "in_trouble": False},
        "world": {},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"config_service": "nginx", "config_is_broken": False, "config_share": 0.0},
        },
    },
    {
        "name": "what has no test of its own",
        "params": {"service": "shop"},
        "world": {},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"config_service": "shop", "config_is_broken": False, "config_share": 0.0},
        },
    },
]
