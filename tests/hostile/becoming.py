"""Hostile skills that want to be more than one harmless process: other processes, other users, another kernel."""

from __future__ import annotations

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
    "calls by the 32-bit gate": """
    import mmap
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\\xb8\\x02\\x00\\x00\\x00\\xcd\\x80\\xc3")
    gate = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return tries(host, lambda: gate() or 1 / 0)""",
    "takes the processor for itself": """
    return tries(
        host,
        lambda: raw(144, 0, 1, struct.pack("i", 99)),
        lambda: raw(141, 0, 0, -20),
        lambda: raw(251, 1, 0, 1 << 13),
        lambda: raw(203, 0, 8, bytes(8)),
        lambda: raw(151, 3),
    )""",
    "leaves its control group": """
    found = [os.path.join(top, name) for top, _, names in os.walk("/sys/fs/cgroup") for name in names]
    return tries(
        host,
        *(lambda p=p: open(p, "w").write("0") for p in found if p.endswith(("procs", "tasks", "max", "in_bytes"))),
        lambda: os.mkdir("/sys/fs/cgroup/memory/x"),
        lambda: raw(165, b"cgroup", b"/", b"cgroup", 0, b"memory"),
    )""",
    "watches its neighbours": """
    return tries(
        host,
        *(lambda n=n: raw(n, 0, 0, 0) for n in (294, 300, 253, 323)),
        lambda: os.listdir("/proc/%d/fd" % pids[0]),
        lambda: os.readlink("/proc/1/exe"),
        lambda: os.listdir("/proc/1/map_files"),
    )""",
    "hands itself to a tracer": "return tries(host, lambda: raw(157, 0x59616d61, -1, 0, 0, 0), lambda: raw(157, 1, 0, 0, 0, 0))",
    "asks for timers that outlive it": """
    return tries(
        host,
        lambda: signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01),
        lambda: signal.alarm(1),
        lambda: raw(222, 0, 0, bytes(8)),
        lambda: raw(283, 0, 0),
    )""",
    "makes pipes and eyes": """
    return tries(
        host,
        lambda: os.pipe(),
        lambda: os.eventfd(0),
        lambda: raw(291, 0),
        lambda: raw(289, -1, bytes(8), 8, 0),
        lambda: socket.socketpair(),
    )""",
    "kills process 1": """
    return tries(host, *(lambda n=n, s=s: os.kill(n, s) for n in (1, os.getppid()) for s in (9, 15, 19)))""",
}
