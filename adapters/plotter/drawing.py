"""The child that draws: one picture as JSON on stdin, one PNG on stdout. It is started as `python3 -I drawing.py MEMORY SECONDS`."""

from __future__ import annotations

import ctypes
import io
import json
import resource
import sys
from typing import Any

FONTS = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Source Han Sans SC",
    "SimHei",
    "DejaVu Sans",
]
NEW_NETWORK = 0x40000000
DAY = 86400.0
"""Seconds; matplotlib counts days since 1970, in UTC."""


def shut_in(memory: int, seconds: int) -> None:
    """Bounds what a picture may cost. Where the kernel lets us there is no network either; nothing here uses one anyway."""
    limits = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0))
    for which, limit in limits:
        resource.setrlimit(which, (limit, limit))
    ctypes.CDLL(None).unshare(NEW_NETWORK)


def drawn(picture: dict[str, Any]) -> bytes:
    """The PNG. A text is never taken for a formula."""
    import matplotlib as mpl  # noqa: PLC0415 - after the limits

    mpl.use("Agg")
    from matplotlib import font_manager  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    there = set(font_manager.get_font_names())
    mpl.rcParams["font.family"] = [name for name in FONTS if name in there]
    mpl.rcParams["text.parse_math"] = False
    mpl.rcParams["axes.unicode_minus"] = False

    figure = Figure(figsize=(9, 4), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    for line in picture["lines"]:
        moments = [at / DAY for at, _ in line["points"]]
        (curve,) = axes.plot(moments, [value for _, value in line["points"]], marker=".", linewidth=1.5)
        curve.set_label(line["name"].removeprefix("_") or "-")
    for at, word in picture["marks"]:
        moment = at / DAY
        axes.axvline(moment, color="#999", linestyle="--", linewidth=1)
        axes.annotate(word, (moment, 1), xycoords=("data", "axes fraction"), fontsize=8, ha="left", va="top")
    axes.xaxis_date()
    axes.set_title(picture["title"])
    axes.set_ylabel(picture["unit"])
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="best", fontsize=8)
    axes.tick_params(axis="x", rotation=20)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def main() -> None:
    """One picture."""
    shut_in(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.buffer.write(drawn(json.loads(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
