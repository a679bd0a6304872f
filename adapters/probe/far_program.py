"""What is sent to a far host to look there: the raw facts as text, with a loop that answers one JSON line for each that comes in.

Nothing is installed over there and nothing is written; Python 3.7 will do.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
MODULES = ("raw_system", "raw_network", "raw_containers", "utmp", "logins", "recent_changes")

_LOOP = """
import json, signal, sys, types
for _name in ("adapters", "adapters.probe"):
    sys.modules[_name] = types.ModuleType(_name)
    sys.modules[_name].__path__ = []
_raw = {}
for _name, _text in _SOURCES:
    _module = types.ModuleType("adapters.probe." + _name)
    sys.modules[_module.__name__] = _module
    exec(compile(_text, _name, "exec"), _module.__dict__)
    _raw[_name] = _module
_system, _network = _raw["raw_system"], _raw["raw_network"]
_FACTS = {name: getattr(_system, name) for name in ("space", "text", "cores", "processes", "open_files", "newest", "links", "identity")}
_FACTS.update({name: getattr(_network, name) for name in ("connect", "page", "certificate", "exchange", "datagram")})
_FACTS["container"] = _raw["raw_containers"].container

def _fact(name, arguments):
    if name not in _FACTS:
        return {"cannot": "there is no fact %s" % name}
    try:
        return {"fact": _FACTS[name](**arguments)}
    except _system.CannotTell as error:
        return {"cannot": str(error)}
    except OSError as error:
        return {"os": [error.errno or 0, error.strerror or str(error)]}
    except TypeError as error:
        return {"cannot": str(error)}

def _answer(question):
    operation, arguments = question["operation"], question["arguments"]
    try:
        if operation == "facts":
            return {"ok": [_fact(name, given) for name, given in arguments["wanted"]]}
        if operation == "logins":
            return {"ok": _raw["logins"].Logins().read()}
        return {"ok": _raw["recent_changes"].RecentChanges().read(arguments["since"], arguments["pids"])}
    except _system.CannotTell as error:
        return {"error": ["unavailable", str(error)]}

def _main(lines, out):
    for _number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(_number, signal.SIG_IGN)
    out.write(b'{"ready": true}\\n')
    out.flush()
    while True:
        line = lines.readline(1 << 20)
        if not line.endswith(b"\\n"):
            return
        out.write(json.dumps(_answer(json.loads(line.decode()))).encode() + b"\\n")
        out.flush()

_main(sys.stdin.buffer, sys.stdout.buffer)
"""


@cache
def source() -> str:
    """The whole program: run, it serves until its input ends."""
    texts = [(name, (_FOLDER / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES]
    return f"_SOURCES = {json.dumps(texts)}\n{_LOOP}"
