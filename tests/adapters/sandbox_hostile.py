"""Hostile skills, as data: each tries one way out, and tells its host what it found. Run as a program it prints what got through."""

from __future__ import annotations

import json
import sys

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.guest import GuestResult, GuestRun
from tests.adapters.sandbox_outside import Outside, outside

HEAD = """
import ctypes, errno, json, os, signal, socket, struct, sys, time
from core.skill import Host, HostError, Outcome
libc = ctypes.CDLL(None, use_errno=True)
CHANNEL = next(fd for fd in range(3, 64) if libc.fcntl(fd, 1) >= 0)

def tries(host, *attempts):
    # Says what worked; whatever is caught here is what a careful attacker would catch too.
    for attempt in attempts:
        try:
            host.write("/loot", repr(attempt())[:500])
        except HostError:
            raise
        except BaseException:
            continue
    return Outcome(True, "tried")

def raw(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def frame(body):
    return len(body).to_bytes(4, "big") + body
"""

READS = {
    "reads the canary": "return tries(host, lambda: open(place + '/canary').read())",
    "reads password files": """
    return tries(
        host,
        *(lambda p=p: open(p).read() for p in ('/etc/passwd', '/etc/shadow')),
    )""",
    "reads the environment of others": """
    paths = [f"/proc/{pid}/{name}" for pid in ("self", 1, 2, *pids) for name in ("environ", "maps", "mem", "root", "cwd")]
    return tries(host, lambda: dict(os.environ), *(lambda p=p: open(p, "rb").read(4096) for p in paths))""",
    "walks the whole tree": """
    found = [os.path.join(top, name) for top, _, names in os.walk("/") for name in names]
    odd = [path for path in found if not path.startswith(("/usr/lib/python3", "/lib", "/usr/lib", "/usr/bin/python3"))]
    return tries(host, lambda: sorted(odd), *(lambda p=p: open(p, "rb").read() for p in odd if p != "/guest.py"))""",
    "reads every inherited descriptor": """
    return tries(
        host,
        *(lambda fd=fd: os.pread(fd, 4096, 0) for fd in range(3, 64)),
    )""",
    "climbs out by file handles": "return tries(host, lambda: libc.open_by_handle_at(-100, None, 0) >= 0 or 1 / 0)",
    "mounts proc": """
    return tries(
        host,
        lambda: raw(165, b'proc', b'/', b'proc', 0, None),
        lambda: os.listdir('/proc'),
    )""",
    "links to the canary": """
    return tries(
        host,
        lambda: os.symlink(place, '/x'),
        lambda: os.link(place + '/canary', '/y'),
    )""",
    "reads the kernel's keys": """
    return tries(
        host,
        lambda: raw(250, 0, -3),
        lambda: raw(248, b'user', b'x', b'y', 1, -3),
    )""",
}

CONNECTS = {
    "connects by TCP": "return tries(host, lambda: socket.create_connection(('127.0.0.1', port), 1))",
    "asks a name server": """
    def ask():
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return line.sendto(b"x", ("127.0.0.1", port))
    return tries(host, ask, lambda: socket.getaddrinfo("example.org", 80))""",
    "connects to unix sockets": """
    def connect(address):
        line = socket.socket(socket.AF_UNIX)
        line.connect(address)
        return "connected"
    names = [place + "/socket", "\\0nightshift-canary-" + str(port), "/var/run/docker.sock", "/run/systemd/private"]
    return tries(host, *(lambda n=n: connect(n) for n in names))""",
    "opens odd sockets": """
    return tries(
        host,
        *(lambda f=f: socket.socket(f, k) for f in (16, 17, 38, 40, 44) for k in (1, 2, 3, 5)),
    )""",
    "uses io_uring": "return tries(host, lambda: raw(425, 8, ctypes.create_string_buffer(256)))",
    "uses its channel as a socket": """
    def reconnect():
        line = socket.socket(fileno=CHANNEL)
        try:
            line.connect("\\0nightshift-canary-" + str(port))
        finally:
            line.detach()
    return tries(host, reconnect)""",
}

PROCESSES = {
    "forks": "while True: os.fork()",
    "forks by hand": """
    return tries(
        host,
        lambda: raw(56, 17, 0, 0, 0, 0),
        lambda: raw(57),
        lambda: raw(58),
        lambda: raw(435, bytes(88), 88),
    )""",
    "starts threads": """
    import threading
    while True: threading.Thread(target=time.sleep, args=(9,)).start()""",
    "runs a shell": """
    return tries(
        host,
        lambda: os.execv('/bin/sh', ['sh']),
        lambda: os.system('id'),
        lambda: os.posix_spawn('/usr/bin/python3.11', ['x'], {}),
    )""",
    "runs itself anew": "os.execv(sys.executable, [sys.executable, '-c', 'while 1: pass'])",
    "runs a memory file": """
    return tries(
        host,
        lambda: raw(319, b'x', 0),
        lambda: raw(322, 3, b'', None, None, 0x1000),
    )""",
    "signals everybody": """
    numbers = [-1, 0, 1, *range(2, 400), *pids]
    return tries(host, *(lambda n=n, s=s: os.kill(n, s) for n in numbers for s in (9, 15)))""",
    "traces others": """
    return tries(
        host,
        *(lambda p=p, r=r: raw(101, r, p, 0, 0) for p in (1, *pids) for r in (0, 16, 0x4206)),
    )""",
    "reads memory of others": """
    return tries(
        host,
        *(lambda p=p: raw(310, p, bytes(16), 1, bytes(16), 1, 0) for p in (1, *pids)),
    )""",
    "opens handles on processes": """
    return tries(
        host,
        *(lambda p=p: raw(434, p, 0) for p in (1, *pids)),
        lambda: raw(438, 3, 0, 0),
    )""",
    "makes namespaces": """
    return tries(
        host,
        *(lambda b=b: raw(272, 1 << b) for b in range(7, 32)),
        lambda: raw(308, 3, 0),
    )""",
    "calls by another architecture": """
    return tries(
        host,
        lambda: raw(0x40000000 + 57),
        lambda: raw(0x40000000 + 520, b'/bin/sh', 0, 0),
    )""",
    "loads a filter of its own": """
    return tries(
        host,
        lambda: raw(317, 0, 0, 0),
        lambda: raw(157, 22, 1, 0, 0, 0),
        lambda: raw(157, 4, 1, 0, 0, 0),
    )""",
    "raises its limits": """
    import resource
    return tries(host, *(lambda w=w: resource.setrlimit(w, (-1, -1)) for w in range(16)))""",
    "becomes root": """
    return tries(
        host,
        lambda: os.setuid(0),
        lambda: os.setresuid(0, 0, 0),
        lambda: os.setgroups([0]),
        lambda: raw(126, 0, 0),
    )""",
    "loads a kernel program": """
    return tries(
        host,
        lambda: raw(321, 0, bytes(128), 128),
        lambda: raw(298, bytes(128), 0, -1, -1, 0),
        lambda: raw(175, 0, 0, b''),
    )""",
}

WRITES = {
    "writes to the canary": """
    return tries(
        host,
        lambda: open(place + '/canary', 'w').write('x'),
        lambda: open(place + '/new', 'w'),
    )""",
    "writes everywhere": """
    tops = [top for top, _, _ in os.walk("/")]
    return tries(host, *(lambda t=t: open(t + "/x", "w") for t in tops), *(lambda t=t: os.mkdir(t + "/x") for t in tops))""",
    "changes the standard library": """
    return tries(
        host,
        lambda: open(os.__file__, 'a'),
        lambda: os.chmod(os.__file__, 0o777),
        lambda: os.unlink(os.__file__),
    )""",
    "changes the guest": """
    return tries(
        host,
        lambda: open('/guest.py', 'w'),
        lambda: os.rename('/guest.py', '/g'),
        lambda: os.truncate('/guest.py', 0),
    )""",
    "mounts it writable": """
    return tries(
        host,
        lambda: raw(165, None, b'/', None, 0x1000 | 32, None),
        lambda: raw(166, b'/usr', 2),
    )""",
    "makes devices": """
    return tries(
        host,
        lambda: os.mknod('/sda', 0o60666, os.makedev(8, 0)),
        lambda: os.mkfifo('/f'),
    )""",
    "turns kernel knobs": """
    return tries(
        host,
        *(lambda p=p: open(p, 'w').write('x') for p in ('/proc/sys/kernel/core_pattern', '/dev/kmsg', '/proc/sysrq-trigger')),
        lambda: open('/sys/fs/cgroup/memory/release_agent', 'w').write('x'),
    )""",
    "leaves a program for others": """
    return tries(
        host,
        *(lambda p=p: open(p, 'w').write('x') for p in ('/tmp/x', '/dev/shm/x', '/run/x', '/var/tmp/x')),
    )""",
}

FLOODS = {
    "hoards memory": "hoard = [bytearray(1 << 20) for _ in range(4096)]",
    "hoards memory and goes on": """
    hoard = []
    while True:
        try:
            hoard.append(bytearray(1 << 20))
        except MemoryError:
            pass""",
    "maps shared memory": """
    import mmap
    maps = [mmap.mmap(-1, 64 << 20) for _ in range(64)]
    for item in maps: item.write(b"x" * (64 << 20))""",
    "hoards shared memory": """
    return tries(
        host,
        *(lambda: raw(29, 0, 1 << 30, 0o1600) for _ in range(9)),
        *(lambda: raw(240, b'q', 66, 0o600, None) for _ in range(9)),
    )""",
    "floods inodes": """
    for number in range(10_000_000): open(f"/{number}", "w")""",
    "opens everything": "return tries(host, lambda: len([os.open('/guest.py', 0) for _ in range(10_000)]))",
    "loops": "while True: pass",
    "sleeps": "time.sleep(600)",
    "loops against signals": """
    for number in range(1, 32):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    while True: pass""",
    "thinks about a pattern": "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",
    "recurses": "sys.setrecursionlimit(1 << 30); f = lambda: f(); f()",
    "prints for ever": "while True: print('x' * 65536)",
    "prints without newline": "while True: os.write(2, b'x' * 65536)",
    "prints and waits": "os.write(2, b'x' * 3_000_000); return Outcome(True, 'x' * 900_000)",
    "has a huge result": "return Outcome(True, 's', {'a': 'x' * 30_000_000})",
    "calls for ever": """
    while True:
        try: host.read("/x")
        except Exception: pass""",
    "calls without listening": """
    call = frame(b'{"op":"call","method":"fs.read","args":{}}')
    while True: os.write(CHANNEL, call * 1000)""",
    "sends large calls": "while True: host.write('/x', 'x' * 1_000_000)",
}

LIES = {
    "claims a huge frame": "os.write(CHANNEL, b'\\xff\\xff\\xff\\xff'); time.sleep(9)",
    "claims a frame and keeps silent": "os.write(CHANNEL, b'\\x00\\x00\\x10\\x00{'); time.sleep(9)",
    "sends half a length and dies": "os.write(CHANNEL, b'\\x00'); os._exit(0)",
    "sends no JSON": "os.write(CHANNEL, frame(b'\\x80\\x04pickle'))",
    "sends deep JSON": "os.write(CHANNEL, frame(b'[' * 500_000))",
    "sends nested JSON": 'os.write(CHANNEL, frame(b\'{"op":"call","method":"now","args":{"a":\' + b\'[\' * 60 + b\']\' * 60 + b\'}}\'))',
    "sends a number without end": 'os.write(CHANNEL, frame(b\'{"op":"call","method":"now","args":{"a":\' + b\'9\' * 4000 + b\'}}\'))',
    "sends infinity": 'os.write(CHANNEL, frame(b\'{"op":"call","method":"now","args":{"a":1e999}}\'))',
    "sends a list": "os.write(CHANNEL, frame(b'[1,2]'))",
    "sends an unknown kind": 'os.write(CHANNEL, frame(b\'{"op":"approve","id":1}\'))',
    "says ready twice": 'os.write(CHANNEL, frame(b\'{"op":"ready"}\'))',
    "answers itself": "os.write(CHANNEL, frame(b'{\"result\":true}'))",
    "calls a wrong name": 'os.write(CHANNEL, frame(b\'{"op":"call","method":"__class__","args":{}}\'))',
    "calls with a list": 'os.write(CHANNEL, frame(b\'{"op":"call","method":"now","args":[]}\'))',
    "is done with the number one": 'os.write(CHANNEL, frame(b\'{"op":"done","ok":1,"summary":"s","facts":{}}\'))',
    "is done with a list of facts": 'os.write(CHANNEL, frame(b\'{"op":"done","ok":true,"summary":"s","facts":[]}\'))',
    "is done with too many facts": """
    facts = b'{"a":"' + b"x" * 70_000 + b'"}'
    os.write(CHANNEL, frame(b'{"op":"done","ok":true,"summary":"s","facts":' + facts + b"}"))""",
    "fails without a word": 'os.write(CHANNEL, frame(b\'{"op":"fail","error":null}\'))',
}

DEATHS = {
    "exits": "os._exit(0)",
    "crashes": "ctypes.string_at(0)",
    "aborts": "libc.abort()",
    "closes its channel": "os.close(CHANNEL); time.sleep(9)",
    "closes everything and loops": "os.closerange(0, 64)\n    while True: pass",
    "ends while a call is open": 'os.write(CHANNEL, frame(b\'{"op":"call","method":"now","args":{}}\')); os._exit(0)',
}

TRICKS = {
    "has an evil exception": """
    class Evil(Exception):
        def __str__(self): raise Evil()
    raise Evil()""",
    "has an evil outcome": """
    class Evil(Outcome):
        def __getattribute__(self, name): os.kill(1, 9)
    return Evil(True, "s")""",
    "has unprintable words": """
    return Outcome(True, 'a\\x00b\\x1b[2Jc\\u202ed\\ud800', {'k\\x00\\udc00': ['\\x07', {'\\x1b': '\\ud801'}]})""",
    "sends words that no encoding knows": "host.write('/x\\ud800', 'y'); return Outcome(True, 's')",
    "patches the SDK": """
    import core.skill
    core.skill.Outcome = dict
    json.dumps = lambda *a, **k: "{}"
    return Outcome(True, "s")""",
    "walks the object graph": """
    import gc
    words = [item for item in gc.get_objects() if isinstance(item, (str, bytes, dict)) and "CANARY-" in repr(item)[:10_000]]
    return tries(host, lambda: words)""",
}

SKILLS = {**READS, **CONNECTS, **PROCESSES, **WRITES, **FLOODS, **LIES, **DEATHS, **TRICKS}


ENDLESS = {
    "hoards memory and goes on",
    "loops",
    "sleeps",
    "loops against signals",
    "thinks about a pattern",
    "calls without listening",
    "claims a frame and keeps silent",
    "runs itself anew",
}


def source_of(body: str) -> str:
    """The skill with this body."""
    return f"{HEAD}\ndef run(host, place, port, pids):\n    {body.strip(chr(10)).lstrip()}\n"


def attack(sandbox: BubblewrapSandbox, world: Outside, name: str) -> GuestResult:
    """Runs one of them; those that never end get little time."""
    timeout = 0.4 if name in ENDLESS else 5.0
    return sandbox.run(GuestRun("hostile", source_of(SKILLS[name]), world.names, timeout), world.answer)


def main() -> None:
    """Runs all, prints {name: [status, *breaches]} for what got through, and what the self-test says."""
    sandbox = BubblewrapSandbox()
    through: dict[str, list[str]] = {}
    with outside() as world:
        for name in SKILLS:
            result = attack(sandbox, world.fresh(), name)
            if found := world.breaches(repr(result)):
                through[name] = [result.status, *found]
    answer = {"skills": len(SKILLS), "through": through, "self_test": sandbox.self_test(), "backend": sandbox.backend}
    sandbox.close()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
