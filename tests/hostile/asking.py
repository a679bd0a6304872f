"""Hostile skills that ask the broker for what their grants do not say, in every spelling; the broker and the host are real ones."""

from __future__ import annotations

HEAD = """
from core.skill import Host, HostError, Outcome

def tries(*attempts):
    got = []
    for attempt in attempts:
        try:
            got.append(repr(attempt())[:2000])
        except HostError:
            continue
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            got.append(type(error).__name__)
    return Outcome(True, " | ".join(got))
"""

ASKS = {
    "climbs by dots": """
    ways = ["/../canary", "/./../canary", "//../canary", "/..", "/%2e%2e/canary", "/..\\x00/canary", "/\\u2024\\u2024/canary"]
    return tries(*(lambda w=w: host.read(here + w) for w in ways), *(lambda w=w: host.delete(here + w) for w in ways))""",
    "names the canary itself": """
    return tries(
        *(lambda p=p: host.read(p) for p in (place + "/canary", "//" + place + "/canary", "/proc/self/root" + place + "/canary")),
        lambda: host.list(place),
        lambda: host.stat(place + "/canary"),
        lambda: host.write(place + "/canary", "x"),
        lambda: host.truncate(place + "/canary"),
        lambda: host.delete(place + "/canary"),
    )""",
    "reads through links": """
    ways = ["/link", "/up/canary", "/up/in/link", "/hard", "/up/socket"]
    return tries(*(lambda w=w: host.read(here + w) for w in ways), lambda: host.list(here + "/up"))""",
    "writes through links": """
    return tries(
        lambda: host.write(here + "/link", "x"),
        lambda: host.write(here + "/hard", "x"),
        lambda: host.write(here + "/up/new", "x"),
        lambda: host.truncate(here + "/link"),
        lambda: host.truncate(here + "/hard"),
        lambda: host.delete(here + "/up/canary"),
        lambda: host.move(here + "/plain", here + "/up/new"),
    )""",
    "moves in and out": """
    return tries(
        lambda: host.move(place + "/canary", here + "/mine"),
        lambda: host.read(here + "/mine"),
        lambda: host.move(here + "/plain", place + "/new"),
        lambda: host.move(here + "/plain", place + "/canary"),
        lambda: host.move(here, place + "/gone"),
    )""",
    "waits on a pipe": "return tries(lambda: host.read(here + '/fifo'), lambda: host.write(here + '/fifo', 'x'))",
    "reads a device": """
    return tries(lambda: host.read("/dev/zero"), lambda: host.read("/proc/kcore"), lambda: host.read(here + "/null"))""",
    "runs other programs": """
    touch = "touch " + place + "/new"
    lines = [
        ["/bin/sh", "-c", touch], ["sh", "-c", touch], ["/usr/bin/df -Pkl; " + touch], ["/usr/bin/df", "-Pkl", ";", touch],
        ["/usr/bin/df", "-Pkl", "$(" + touch + ")"], ["/usr/bin/df", "-Pkl\\n" + touch], ["/usr/bin/../bin/df", "-Pkl"],
        ["/usr/bin/df", "-Pkl", "--output=" + place + "/new"], ["/usr/bin/env", "df", "-Pkl"], [], [""], ["-c"],
        ["/usr/bin/df\\x00", "-Pkl"], ["/usr/bin/touch", place + "/new"], ["/usr/bin/python3.11", "-c", "1"],
    ]
    return tries(*(lambda l=l: host.run(l) for l in lines))""",
    "runs a line of text": """
    call = lambda args: host._call("exec.run", args)
    return tries(
        lambda: host.run("/usr/bin/df -Pkl"),
        lambda: call({"argv": "/bin/touch " + place + "/new"}),
        lambda: call({"argv": ["/usr/bin/df", "-Pkl"], "shell": True}),
        lambda: call({"argv": ["/usr/bin/df", "-Pkl"], "env": {"LD_PRELOAD": place + "/canary"}}),
        lambda: call({"argv": [["/usr/bin/touch", place + "/new"]]}),
    )""",
    "names units that are more than a name": """
    names = ["nginx; touch /tmp/x", "-H root@localhost nginx", "--root=/", "../../etc/passwd", "nginx\\nssh", "*", "", "$(id)"]
    return tries(*(lambda n=n: host.service(n).restart() for n in names), *(lambda n=n: host.service(n).status() for n in names))""",
    "signals what it may not": """
    call = lambda args: host._call("process.signal", args)
    return tries(*(lambda p=p, s=s: call({"pid": p, "signal": s}) for p in (*pids, 1, 0, -1) for s in ("KILL", "TERM", "HUP")))""",
    "asks at odd addresses": """
    at = ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]", "169.254.169.254"]
    return tries(
        *(lambda a=a: host.http_get(f"http://{a}:{port}/") for a in at),
        lambda: host.http_get(f"http://good@127.0.0.1:{port}/"),
        lambda: host.http_get("file://" + place + "/canary"),
        lambda: host.http_post(f"http://127.0.0.1:{port}/", "x"),
        lambda: host.http_get(f"http://127.0.0.1:{port}/", {"X": "a\\r\\nHost: b"}),
    )""",
    "wants secrets and tells everybody": """
    return tries(
        lambda: host.secret("gitlab"),
        lambda: host.secret("../key"),
        *(lambda n=n: host.notify("x" * 5000, "everybody") for n in range(6)),
        *(lambda n=n: host.notify("<!channel> \\u202e" + str(n)) for n in range(6)),
    )""",
    "asks with wrong types": """
    call = host._call
    plain = here + "/plain"
    return tries(
        lambda: call("fs.read", {"path": [plain]}),
        lambda: call("fs.read", {"path": True, "limit": 1}),
        lambda: call("fs.read", {"path": plain, "limit": True}),
        lambda: call("fs.read", {"path": plain, "limit": -1}),
        lambda: call("fs.read", {"path": plain, "limit": 1 << 62}),
        lambda: call("fs.read", {"path": plain, "limit": 10, "follow": True}),
        lambda: call("fs.delete", {"path": {"a": 1}}),
        lambda: call("fs.list", {"path": here, "pattern": "../*"}),
        lambda: call("answer", {"method": "fs.delete"}),
        lambda: call("fs", {}),
        lambda: call("exec", {}),
        lambda: call("ended", {}),
    )""",
    "races against a link": """
    for _ in range(60):
        for ask in (
            lambda: host.read(here + "/flip/canary"),
            lambda: host.delete(here + "/flip/canary"),
            lambda: host.write(here + "/flip/new", "x"),
            lambda: host.truncate(here + "/flip/canary"),
        ):
            try:
                found = ask()
            except HostError:
                continue
            if isinstance(found, str) and found:
                return Outcome(True, found)
    return Outcome(True, "lost")""",
    "is good until it is trusted": """
    for number in range(10):
        host.read(here + "/plain")
    return tries(lambda: host.delete(place + "/canary"), lambda: host.read(place + "/canary"))""",
    "asks too often": """
    for number in range(10_000):
        host.read(here + "/plain")
    return Outcome(True, "as often as it liked")""",
    "writes too much": """
    for number in range(100):
        host.write(here + "/plain", "x" * 900_000)
    return Outcome(True, "as much as it liked")""",
}
"""What each does with `host`, `place` (outside), `here` (granted, below it), `port` and `pids`."""


def source_of(body: str) -> str:
    """The skill with this body."""
    return f"{HEAD}\ndef run(host, place, here, port, pids):\n    {body.strip(chr(10)).lstrip()}\n"
