# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["process.down", "process.restarts", "http.failed"]
# fill = {path = "broken_config_file"}
# capabilities = ["fs.stat:/etc/**", "fs.list:/etc/**", "fs.read:/etc/**"]
# triggers = [
#   "what changed in the configuration", "compare with the backup of the configuration",
#   "diff the config with the .bak", "who changed the config", "config differs from yesterday",
#   "was a config file edited lately", "show changes in nginx.conf", "配置文件改了什么", "与备份配置比较",
#   "配置被谁改过", "谁动过配置文件", "配置和 .bak 对比", "最近改过哪些配置", "配置前后差异", "配置文件有没有被改动",
#   "what is different since the config worked",
# ]
# ///
"""Compares a configuration file with the copies beside it (.bak, .orig, ~, .dpkg-old, …): which one is older, and which lines differ."""

from __future__ import annotations

import difflib
import re

from core.skill import File, Host, Outcome

COPY = re.compile(
    r"(?:\.(?:bak|orig|old|save|good|prev|dpkg-(?:old|dist|bak)|ucf-(?:old|dist)|rpmsave|\d{8}(?:[-_]?\d{4,6})?)|~)"
)
MOST = 65536


def run(host: Host, path: str) -> Outcome:
    file = real(host, path)
    if file is None:
        return Outcome(ok=False, summary=f"{path} is not a plain file, nor a link to one beside its folder")
    copies = copies_of(host, file)
    facts: dict[str, object] = {
        "changed_config": file.path,
        "changed_config_age_days": round(file.age_days, 4),
        "last_good_copy": "",
        "last_good_is_found": False,
    }
    if not copies:
        return Outcome(ok=True, summary=f"{file.path} has no copy beside it that is older", facts=facts)
    best = min(copies, key=lambda one: one.age_days)
    lines = difference(host.read(best.path, MOST), host.read(file.path, MOST))
    facts |= {"last_good_copy": best.path, "last_good_is_found": bool(lines), "changed_lines": len(lines)}
    said = f"; changed: {' | '.join(lines[:4])}" if lines else "; it is the same"
    return Outcome(ok=True, summary=f"{file.path} has an older copy, {best.path}{said}"[:500], facts=facts)


def real(host: Host, path: str) -> File | None:
    """The file itself; a link is followed once, to a folder beside its own."""
    file = host.stat(path)
    if file.kind == "link":
        to = re.fullmatch(r"(?:\.\./|/etc/[\w.-]+/)([\w.-]+)/([\w.@+-]+)", file.target)
        parent = path.rpartition("/")[0].rpartition("/")[0]
        if to is None or not path.startswith("/etc/"):
            return None
        file = host.stat(f"{parent}/{to[1]}/{to[2]}")
    return file if file.kind == "file" else None


def copies_of(host: Host, file: File) -> list[File]:
    """Plain, older, not empty, by the same owner: whoever could not write the file must not choose what it becomes."""
    folder = file.path.rpartition("/")[0]
    found = []
    for one in host.list(folder):
        is_copy = one.name.startswith(file.name) and COPY.fullmatch(one.name.removeprefix(file.name))
        is_safe = one.kind == "file" and one.uid == file.uid and one.links == 1 and not one.mode & 0o022
        if is_copy and is_safe and 0 < one.size <= MOST and one.age_days >= file.age_days:
            found.append(one)
    return found


def difference(good: str, now: str) -> list[str]:
    """Lines that went and came, marked - and +, with what looks like a secret left out."""
    lines = list(difflib.unified_diff(good.splitlines(), now.splitlines(), lineterm="", n=0))[2:]
    changed = [line for line in lines if not line.startswith("@@")]
    return [re.sub(r"(?i)(pass\w*|secret\w*|token\w*|key\w*)([\s=:]+)\S+", r"\1\2…", line)[:120] for line in changed]


CASES = [
    {
        "name": "a line came that was not in the copy; the link is followed",
        "params": {"path": "/etc/nginx/sites-enabled/shop"},
        "world": {
            "files": {
                "/etc/nginx/sites-enabled/shop": {"kind": "link", "target": "/etc/nginx/sites-available/shop"},
                "/etc/nginx/sites-available/shop": {"text": ";\nlisten 80;\n", "age_days": 0.5},
                "/etc/nginx/sites-available/shop.bak": {"text": "listen 80;\n", "age_days": 2.0},
                "/etc/nginx/sites-available/shop.dpkg-dist": {"text": "listen 81;\n", "age_days": 90.0},
                "/etc/nginx/sites-available/shop2.bak": {"text": "listen 82;\n", "age_days": 1.0},
                "/etc/nginx/sites-available/shop.orig": {"text": "", "age_days": 1.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "changed_config": "/etc/nginx/sites-available/shop",
                "changed_config_age_days": 0.5,
                "last_good_copy": "/etc/nginx/sites-available/shop.bak",
                "last_good_is_found": True,
                "changed_lines": 1,
            },
        },
    },
    {
        "name": "a copy that others may write, of another owner, with a second name, or younger, is none",
        "params": {"path": "/etc/app.conf"},
        "world": {
            "files": {
                "/etc/app.conf": {"text": "a\n", "age_days": 1.0},
                "/etc/app.conf.bak": {"text": "b\n", "age_days": 2.0, "mode": 0o666},
                "/etc/app.conf.old": {"text": "b\n", "age_days": 2.0, "uid": 33},
                "/etc/app.conf.orig": {"text": "b\n", "age_days": 2.0, "links": 2},
                "/etc/app.conf~": {"text": "b\n", "age_days": 0.5},
                "/etc/app.conf.save": {"kind": "link", "target": "/etc/other", "age_days": 2.0},
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"last_good_copy": "", "last_good_is_found": False}},
    },
    {
        "name": "the copy says the same",
        "params": {"path": "/etc/app.conf"},
        "world": {
            "files": {
                "/etc/app.conf": {"text": "a\n", "age_days": 1.0},
                "/etc/app.conf~": {"text": "a\n", "age_days": 1.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"last_good_copy": "/etc/app.conf~", "last_good_is_found": False, "changed_lines": 0},
        },
    },
    {
        "name": "a link that leads elsewhere is not followed",
        "params": {"path": "/etc/app.conf"},
        "world": {"files": {"/etc/app.conf": {"kind": "link", "target": "/srv/app.conf"}}},
        "expect": {"ok": False, "effects": []},
    },
]
