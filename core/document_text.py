"""A document as files: Markdown, HTML that needs nothing beside it, CSV. Every word in it may be hostile and stays a word."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
from collections.abc import Mapping

from core.document import Document, Section, Table

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!~&$])")
_BEGINS = re.compile(r"^(\d*)([-+=.)])(?=[\s=-]|$)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_HEAD = """<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}img{max-width:100%}
p{white-space:pre-wrap}</style>
"""

Pictures = Mapping[int, bytes]
"""PNG by the number of its section, counted from 1; a plot that could not be drawn is missing."""


def files_of(document: Document, pictures: Pictures, without: str) -> dict[str, bytes]:
    """Name -> bytes. `without` is the sentence where a plot is missing."""
    files = {f"plot-{number}.png": picture for number, picture in pictures.items()}
    files["document.md"] = _markdown(document, pictures, without).encode()
    files["document.html"] = _html(document, pictures, without).encode()
    for number, section in enumerate(document.sections, 1):
        table = section.table or _as_table(section)
        if table is not None:
            files[f"table-{number}.csv"] = _csv(table).encode()
    return files


def _as_table(section: Section) -> Table | None:
    """The numbers of a plot."""
    if section.picture is None:
        return None
    rows = ((line.name, f"{at:.15g}", f"{value:.15g}") for line in section.picture.lines for at, value in line.points)
    return Table(("line", "seconds", section.picture.unit), tuple(rows))


def _markdown(document: Document, pictures: Pictures, without: str) -> str:
    parts = [f"# {_word(document.title)}"]
    for number, section in enumerate(document.sections, 1):
        parts.append(f"## {_word(section.heading)}")
        if section.table is not None:
            rows = [section.table.columns, tuple("---" for _ in section.table.columns)]
            words = [tuple(map(_word, row)) for row in (section.table.columns, *section.table.rows)]
            parts.append("\n".join(f"| {' | '.join(row)} |" for row in (words[0], rows[1], *words[1:])))
        elif section.picture is not None:
            drawn = f"![{_word(section.heading)}](plot-{number}.png)"
            parts.append(drawn if number in pictures else _word(without))
        else:
            parts.append("\n\n".join(_word(line) for line in section.text.splitlines() if line.strip()))
    return "\n\n".join(parts) + "\n"


def _word(text: str) -> str:
    """Text on one line in which nothing is markup."""
    plain = " ".join(_visible(text).split())
    return _BEGINS.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", plain))


def _html(document: Document, pictures: Pictures, without: str) -> str:
    parts = [f"{_HEAD}<title>{_safe(document.title)}</title></head><body>", f"<h1>{_safe(document.title)}</h1>"]
    for number, section in enumerate(document.sections, 1):
        parts.append(f"<h2>{_safe(section.heading)}</h2>")
        if section.table is not None:
            parts.append(_html_table(section.table))
        elif section.picture is not None and number in pictures:
            data = base64.b64encode(pictures[number]).decode()
            parts.append(f'<img alt="{_safe(section.heading)}" src="data:image/png;base64,{data}">')
        else:
            parts.append(f"<p>{_safe(without if section.picture else section.text)}</p>")
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{_safe(cell)}</th>" for cell in table.columns)
    rows = ("".join(f"<td>{_safe(cell)}</td>" for cell in row) for row in table.rows)
    return "\n".join(["<table>", f"<tr>{head}</tr>", *(f"<tr>{row}</tr>" for row in rows), "</table>"])


def _safe(text: str) -> str:
    return html.escape(_visible(text))


def _visible(text: str) -> str:
    return _HIDDEN.sub("\ufffd", text)


def _csv(table: Table) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(map(_inert, row) for row in (table.columns, *table.rows))
    return file.getvalue()


def _inert(cell: str) -> str:
    """A spreadsheet takes what begins like a formula for one, and runs it."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
