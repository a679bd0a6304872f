# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 60
# settles = 0
# on_request = true
# capabilities = ["exec:/usr/bin/find /usr /opt -xdev -type f -perm /6000", "kv:suid"]
# triggers = [
#   "new setuid programs", "suid files", "find setuid binaries", "new suid binary", "privilege escalation",
#   "setgid programs", "root owned setuid", "chmod +s", "新的 setuid 程序", "suid 文件", "有没有新的 suid",
#   "查找 suid 程序", "提权程序", "setgid 文件", "suid 后门", "新增的 suid 程序",
# ]
# ///
"""Lists programs below /usr and /opt that run as their owner (setuid, setgid), and which of them were not there when it last looked."""

from __future__ import annotations

from core.skill import Host, Outcome

USUAL = frozenset(
    {
        "/usr/bin/su",
        "/usr/bin/sudo",
        "/usr/bin/passwd",
        "/usr/bin/chfn",
        "/usr/bin/chsh",
        "/usr/bin/newgrp",
        "/usr/bin/gpasswd",
        "/usr/bin/mount",
        "/usr/bin/umount",
        "/usr/bin/chage",
        "/usr/bin/expiry",
        "/usr/bin/crontab",
        "/usr/bin/ssh-agent",
        "/usr/bin/write",
        "/usr/bin/wall",
        "/usr/bin/fusermount3",
        "/usr/bin/pkexec",
        "/usr/sbin/unix_chkpwd",
        "/usr/lib/openssh/ssh-keysign",
        "/usr/lib/dbus-1.0/dbus-daemon-launch-helper",
        "/usr/lib/polkit-1/polkit-agent-helper-1",
    }
)


def run(host: Host) -> Outcome:
    found = host.run(["/usr/bin/find", "/usr", "/opt", "-xdev", "-type", "f", "-perm", "/6000"])
    now = sorted(line for line in found.out.splitlines() if line.startswith("/"))
    if not now and found.status != 0:
        return Outcome(ok=False, summary=f"find could not look: {found.err.strip()[:200]}")
    before = host.recall("suid")
    host.keep("suid", "\n".join(now))
    known = set((before or "").splitlines())
    new = [] if before is None else [path for path in now if path not in known]
    unusual = [path for path in now if path not in USUAL]
    facts: dict[str, object] = {
        "suid_files": len(now),
        "new_suid_files": len(new),
        "unusual_suid_files": len(unusual),
        "first_new_suid_file": new[0] if new else "",
    }
    compared = "looked for the first time" if before is None else f"new since the last look: {', '.join(new) or 'none'}"
    said = f"{len(now)} setuid or setgid programs, {compared}; not among the usual ones: {', '.join(unusual[:8]) or 'none'}"
    return Outcome(ok=True, summary=said[:500], facts=facts)


CASES = [
    {
        "name": "one was not there before",
        "world": {
            "kept": {"suid": "/usr/bin/su\n/usr/bin/sudo"},
            "exec": {"/usr/bin/find /usr /opt -xdev -type f -perm /6000": "/usr/bin/sudo\n/usr/bin/su\n/opt/.x\n"},
        },
        "expect": {
            "ok": True,
            "effects": ["kv suid"],
            "facts": {"suid_files": 3, "new_suid_files": 1, "unusual_suid_files": 1, "first_new_suid_file": "/opt/.x"},
            "kept": {"suid": "/opt/.x\n/usr/bin/su\n/usr/bin/sudo"},
        },
    },
    {
        "name": "the first look, where /opt is not there",
        "world": {
            "exec": {
                "/usr/bin/find /usr /opt -xdev -type f -perm /6000": {
                    "status": 1,
                    "out": "/usr/bin/su\n",
                    "err": "find: '/opt': No such file or directory",
                }
            }
        },
        "expect": {
            "ok": True,
            "effects": ["kv suid"],
            "facts": {"suid_files": 1, "new_suid_files": 0, "unusual_suid_files": 0, "first_new_suid_file": ""},
            "kept": {"suid": "/usr/bin/su"},
        },
    },
    {
        "name": "find may not look",
        "world": {"exec": {"/usr/bin/find /usr /opt -xdev -type f -perm /6000": {"status": 1, "err": "denied"}}},
        "expect": {"ok": False, "effects": []},
    },
]
