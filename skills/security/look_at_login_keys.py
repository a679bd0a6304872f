# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = ["fs.list:/home", "fs.stat:/home/*/.ssh/authorized_keys", "fs.stat:/root/.ssh/authorized_keys", "fs.read:/etc/passwd"]
# triggers = [
#   "who may log in with a key", "authorized keys changed", "authorized_keys", "ssh keys on this host",
#   "was an ssh key added", "who has ssh access", "public keys of users", "login key permissions", "谁可以用密钥登录",
#   "authorized_keys 改动", "谁的公钥在上面", "谁有 ssh 权限", "有没有新增公钥", "免密登录", "ssh 密钥",
#   "谁能登录这台机器", "公钥被改过",
# ]
# ///
"""Shows whose list of login keys exists, when it was last written and whether others may write it; the list itself is never read."""

from __future__ import annotations

from core.skill import File, Host, HostError, Outcome

RECENT_DAYS = 7.0


def run(host: Host) -> Outcome:
    users = {
        int(line.split(":")[2]): line.split(":")[0]
        for line in host.read("/etc/passwd").splitlines()
        if line.count(":") == 6
    }
    homes = ["/root", *(entry.path for entry in host.list("/home") if entry.kind == "dir")]
    lists = [file for home in homes if (file := keys_of(host, home))]
    recent = [file for file in lists if file.age_days < RECENT_DAYS]
    loose = [file for file in lists if file.mode & 0o022 or file.kind != "file"]
    facts: dict[str, object] = {
        "key_lists": len(lists),
        "recent_key_lists": len(recent),
        "loose_key_lists": len(loose),
        "newest_key_list": min(lists, key=lambda file: file.age_days).path if lists else "",
    }
    told = [
        f"{file.path} ({users.get(file.uid, file.uid)}, {file.age_days:.1f} days ago, {file.size} bytes)"
        for file in lists
    ]
    alarm = f"; others may write: {', '.join(file.path for file in loose)}" if loose else ""
    return Outcome(ok=True, summary=f"{len(lists)} lists of login keys: {', '.join(told)}{alarm}"[:500], facts=facts)


def keys_of(host: Host, home: str) -> File | None:
    """The list below one home, by what may be seen from outside."""
    try:
        return host.stat(f"{home}/.ssh/authorized_keys")
    except HostError as error:
        if error.code != "missing":
            raise
        return None


CASES = [
    {
        "name": "one was written yesterday, and others may write it",
        "world": {
            "files": {
                "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nli:x:1000:1000::/home/li:/bin/bash\nbroken\n",
                "/root/.ssh/authorized_keys": {"size": 90, "age_days": 400.0, "mode": 0o600},
                "/home/li/.ssh/authorized_keys": {"size": 180, "age_days": 1.0, "mode": 0o664, "uid": 1000},
                "/home/bo/.ssh": {"kind": "dir"},
                "/home/bo/.ssh/authorized_keys": None,
                "/home/note": "",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "key_lists": 2,
                "recent_key_lists": 1,
                "loose_key_lists": 1,
                "newest_key_list": "/home/li/.ssh/authorized_keys",
            },
        },
    },
    {
        "name": "nobody has one",
        "world": {"files": {"/etc/passwd": "", "/home": {"kind": "dir"}, "/root/.ssh/authorized_keys": None}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"key_lists": 0, "recent_key_lists": 0, "loose_key_lists": 0, "newest_key_list": ""},
        },
    },
]
