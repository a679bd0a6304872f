# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = [
#   "process.list", "fs.read:/etc/crontab", "fs.list:/etc/cron.d", "fs.read:/etc/cron.d/*", "fs.stat:/var/log/syslog",
#   "fs.stat:/var/log/cron.log", "exec:/usr/bin/tail -c 60000 /var/log/syslog", "exec:/usr/bin/tail -c 60000 /var/log/cron.log",
# ]
# triggers = [
#   "did the scheduled jobs run", "look at cron", "cron job did not run", "nightly job did not run",
#   "crontab is ignored", "scheduled task missing", "why did my cron not fire", "/etc/cron.d file not executed",
#   "cron daily", "job was not executed", "定时任务执行了吗", "检查 cron", "定时任务没执行", "定时任务没跑",
#   "凌晨的任务没跑", "crontab 不生效", "计划任务没有运行", "夜里的脚本没跑", "cron 为什么不执行",
# ]
# ///
"""Shows the jobs of cron: lines it never runs because they are wrong or their file is ignored, and jobs its log does not show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.skill import File, Host, HostError, Outcome

FIELD = r"(?:\*|[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?)(?:/\d+)?(?:,(?:\*|[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?)(?:/\d+)?)*"
JOB = re.compile(
    rf"(?:@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|(?:{FIELD}\s+){{4}}{FIELD})\s+(?P<user>[\w.-]+)\s+(?P<command>\S.*)"
)
SETTING = re.compile(r"\s*[A-Za-z_]\w*\s*=")
IGNORED = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Line:
    """One line that is neither empty nor a remark nor a setting; `command` is empty where cron cannot read it."""

    where: str
    command: str


def run(host: Host) -> Outcome:
    lines, ignored = lines_of(host)
    wrong = [line.where for line in lines if not line.command]
    log = log_of(host)
    jobs = [line for line in lines if line.command]
    unseen = [line.where for line in jobs if log and line.command not in log]
    is_running = any(one.name in {"cron", "crond"} for one in host.process.list())
    facts: dict[str, object] = {
        "cron_is_running": is_running,
        "cron_jobs": len(jobs),
        "cron_mistakes": len(wrong),
        "cron_first_mistake": wrong[0] if wrong else "",
        "cron_ignored_files": len(ignored),
        "cron_jobs_not_in_log": len(unseen),
    }
    said = [f"cron {'runs' if is_running else 'does not run'}, {len(jobs)} jobs"]
    said += [f"cannot be read: {', '.join(wrong[:5])}"] if wrong else []
    said += [f"ignored for their name, owner or mode: {', '.join(ignored[:5])}"] if ignored else []
    said += [f"not in the end of its log: {', '.join(unseen[:8])}"] if unseen else []
    return Outcome(ok=True, summary="; ".join(said)[:500], facts=facts)


def lines_of(host: Host) -> tuple[list[Line], list[str]]:
    """Every job line of the system's tables, and the files that cron passes over."""
    texts, ignored = {"/etc/crontab": optional(host, "/etc/crontab")}, []
    for file in folder(host):
        if IGNORED.search(file.name) or file.uid != 0 or file.mode & 0o022 or file.kind != "file":
            ignored += [] if file.name in {".placeholder"} else [file.path]
        else:
            texts[file.path] = host.read(file.path)
    lines = []
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#") and not SETTING.match(line):
                job = JOB.fullmatch(line.strip())
                lines.append(Line(f"{path}:{number}", job["command"] if job else ""))
    return lines, ignored


def folder(host: Host) -> list[File]:
    """Entries of /etc/cron.d; none where it is not there."""
    try:
        return host.list("/etc/cron.d")
    except HostError as error:
        if error.code != "missing":
            raise
        return []


def optional(host: Host, path: str) -> str:
    """A file's text; empty where it is not there."""
    try:
        return host.read(path)
    except HostError as error:
        if error.code != "missing":
            raise
        return ""


def log_of(host: Host) -> str:
    """The end of the log that cron writes to; empty where there is none."""
    for path in ("/var/log/cron.log", "/var/log/syslog"):
        try:
            host.stat(path)
        except HostError as error:
            if error.code != "missing":
                raise
            continue
        text = host.run(["/usr/bin/tail", "-c", "60000", path]).out
        return text if "CMD (" in text else ""
    return ""


CASES = [
    {
        "name": "a wrong line, a file that is passed over, a job that never ran",
        "world": {
            "processes": [{"pid": 7, "name": "cron"}],
            "files": {
                "/etc/crontab": "# m h\nSHELL=/bin/sh\n17 *\t* * *\troot\tcd / && run-parts /etc/cron.hourly\n",
                "/etc/cron.d/shop": "*/5 * * * root /srv/shop/job\n0 3 * * mon-fri www-data /srv/shop/night\n@daily root /srv/x\n",
                "/etc/cron.d/shop.bak": "* * * * * root /x\n",
                "/etc/cron.d/open": {"text": "* * * * * root /x\n", "mode": 0o666},
                "/etc/cron.d/theirs": {"text": "* * * * * root /x\n", "uid": 33},
                "/etc/cron.d/.placeholder": "",
                "/var/log/cron.log": None,
                "/var/log/syslog": "",
            },
            "exec": {
                "/usr/bin/tail -c 60000 /var/log/syslog": "Nov 22 23:17:01 h CRON[9]: (root) CMD (cd / && run-parts /etc/cron.hourly)\n"
                "Nov 22 23:17:01 h CRON[9]: (root) CMD (/srv/x)\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "cron_is_running": True,
                "cron_jobs": 3,
                "cron_mistakes": 1,
                "cron_first_mistake": "/etc/cron.d/shop:1",
                "cron_ignored_files": 3,
                "cron_jobs_not_in_log": 1,
            },
        },
    },
    {
        "name": "no cron at all",
        "world": {
            "files": {"/etc/crontab": None, "/etc/cron.d": None, "/var/log/cron.log": None, "/var/log/syslog": None}
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"cron_is_running": False, "cron_jobs": 0, "cron_first_mistake": "", "cron_jobs_not_in_log": 0},
        },
    },
    {
        "name": "a log without a word of cron says nothing of its jobs",
        "world": {
            "processes": [{"pid": 7, "name": "crond"}],
            "files": {"/etc/crontab": "* * * * * root /x\n", "/etc/cron.d": None, "/var/log/cron.log": ""},
            "exec": {"/usr/bin/tail -c 60000 /var/log/cron.log": "kernel: hello\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"cron_is_running": True, "cron_jobs": 1, "cron_mistakes": 0, "cron_jobs_not_in_log": 0},
        },
    },
]
