# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 30
# settles = 2
# cures = ["disk.used_percent"]
# lookers = ["find_what_grows"]
# when = ["package_cache_files >= 1", "package_cache_bytes >= 10000000"]
# share = "package_cache_share"
# fill = {directory = "package_cache_directory"}
# capabilities = [
#   "process.list", "fs.list:{directory}",
#   "fs.delete:/var/cache/apt/archives/*", "fs.delete:/var/cache/dnf/**", "fs.delete:/var/cache/yum/**",
# ]
# triggers = [
#   "clean package cache", "apt clean", "apt-get clean", "yum clean all", "dnf clean", "apt cache is too big",
#   "/var/cache/apt/archives is full", "delete downloaded deb packages", "disk full of packages", "清理软件包缓存",
#   "apt 缓存太大", "清理 apt 缓存", "清理 yum 缓存", "安装包缓存占空间", "下载的 deb 包占满磁盘", "/var/cache 太大",
# ]
# ///
"""Deletes downloaded packages that apt or dnf can fetch again; never while a package tool runs."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

MOST_FILES = 150
DIRECTORY = re.compile(r"/var/cache/(?:apt/archives|(?:dnf|yum)(?:/[\w.-]+)*/packages)")
PACKAGE = re.compile(r"[\w.+:%~-]+\.(?:deb|rpm)")
TOOLS = {"apt", "apt-get", "aptitude", "dpkg", "unattended-upgr", "dnf", "yum", "rpm", "packagekitd"}


def run(host: Host, directory: str = "/var/cache/apt/archives") -> Outcome:
    if not DIRECTORY.fullmatch(directory):
        return Outcome(ok=False, summary=f"{directory} is not a package cache; nothing was done")
    busy = sorted({process.name for process in host.process.list()} & TOOLS)
    if busy:
        return Outcome(ok=False, summary=f"{', '.join(busy)} is running and may need the cache; nothing was done")
    packages = [file for file in host.list(directory) if file.kind == "file" and PACKAGE.fullmatch(file.name)][
        :MOST_FILES
    ]
    for file in packages:
        host.delete(file.path)
    size = sum(file.size for file in packages)
    return Outcome(
        ok=bool(packages),
        summary=f"deleted {len(packages)} cached packages in {directory}, {size} bytes",
        facts={"bytes": size, "files": len(packages)},
    )


CASES = [
    {
        "name": "deletes cached packages and nothing else",
        "params": {"directory": "/var/cache/apt/archives"},
        "world": {
            "processes": [{"pid": 1, "name": "init"}],
            "files": {
                "/var/cache/apt/archives/lock": "",
                "/var/cache/apt/archives/vim_2%3a9.0_amd64.deb": {"size": 7000, "age_days": 3.0},
                "/var/cache/apt/archives/partial/x.deb": {"size": 7000},
            },
        },
        "expect": {
            "ok": True,
            "effects": ["fs.delete /var/cache/apt/archives/vim_2%3a9.0_amd64.deb"],
            "facts": {"bytes": 7000, "files": 1},
        },
    },
    {
        "name": "nothing is deleted while a package tool runs",
        "params": {"directory": "/var/cache/apt/archives"},
        "world": {
            "processes": [{"pid": 9, "name": "apt-get"}],
            "files": {"/var/cache/apt/archives/vim_9.0_amd64.deb": {"size": 7000, "age_days": 3.0}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "another directory is no package cache",
        "params": {"directory": "/srv/packages"},
        "world": {"files": {"/srv/packages/vim_9.0_amd64.deb": {"size": 7000}}},
        "expect": {"ok": False, "effects": []},
    },
]
