"""Hostile skills that take all there is: memory, time, descriptors, and the patience of whoever listens."""

from __future__ import annotations

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
    "unpacks a bomb": """
    import zlib
    bomb = zlib.compress(bytes(50_000_000), 9)
    hoard = [zlib.decompress(bomb) for _ in range(20)]""",
    "reckons without end": "x = 9 ** 9 ** 8; return Outcome(True, str(x))",
    "writes a number of a million digits": "return Outcome(True, 's', {'n': 10 ** 4000})",
    "repeats itself": "return Outcome(True, 'x' * (1 << 40))",
    "makes a deep value": """
    value = []
    for _ in range(100_000): value = [value]
    return Outcome(True, 's', {'v': value})""",
    "makes a value of itself": "value = {}; value['v'] = value; return Outcome(True, 's', value)",
    "sends a crowd of nothings": """
    body = b'{"op":"call","method":"now","args":{"a":[' + b"{}," * 300_000 + b"{}]}}"
    os.write(CHANNEL, frame(body))
    time.sleep(2)""",
    "sends crowds of names": """
    body = b'{"op":"call","method":"now","args":{' + b",".join(b'"%d":0' % n for n in range(80_000)) + b"}}"
    for _ in range(9): os.write(CHANNEL, frame(body))""",
    "duplicates descriptors": """
    while True: os.dup(CHANNEL)""",
    "maps everything": """
    import mmap
    maps = []
    while True: maps.append(mmap.mmap(-1, 4096))""",
    "walks for ever": """
    while True: list(os.walk("/"))""",
    "is refused for ever": """
    for _ in range(10_000):
        try: host.delete("/refused")
        except HostError: pass""",
    "dies a thousand deaths": """
    class Again:
        def __del__(self): Again()
    Again()
    return Outcome(True, "s")""",
    "blocks every signal and sleeps": """
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True: time.sleep(60)""",
    "never lets an exception through": """
    while True:
        try: time.sleep(60)
        except BaseException: pass""",
    "works until its third call": """
    host.read("/1"); host.read("/2")
    while True: pass""",
}
