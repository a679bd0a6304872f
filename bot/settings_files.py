"""Reading the settings: the data folder, nightshift.toml and .env in it, the environment; each mistake becomes one sentence."""

from __future__ import annotations

import io
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from dotenv.parser import Binding, parse_stream
from pydantic import BaseModel, ValidationError

from bot.hosts_listed import taken
from bot.roster_rules import unfulfillable
from bot.settings import EnvSettings, FileSettings, Settings, roster_mistake
from core.errors import InvalidError

TOML = "nightshift.toml"
ENV = ".env"


def load(environ: Mapping[str, str]) -> Settings:
    """The settings of the data folder `NIGHTSHIFT_HOME` (default ./var), which is made 0700 if it is missing; raises InvalidError."""
    home = Path(environ.get("NIGHTSHIFT_HOME") or "var").absolute()
    require_safe_home(home)
    file = read_toml(home / TOML)
    env, secrets = read_secrets(home / ENV, environ, file.references)
    return Settings(home=home, file=file, env=env, secrets=secrets)


def require_safe_home(home: Path) -> None:
    """Makes the data folder, or refuses one that others can write to or that we cannot use."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = home.stat()
    except OSError as error:
        raise InvalidError(
            f"cannot make the data folder {home}: {error.strerror}; set NIGHTSHIFT_HOME to a folder of yours"
        ) from error
    if not stat.S_ISDIR(info.st_mode):
        raise InvalidError(f"the data folder {home} is no folder; set NIGHTSHIFT_HOME to one")
    if info.st_uid != os.geteuid():
        raise InvalidError(
            f"the data folder {home} belongs to user id {info.st_uid}, not to you; run as that user or set NIGHTSHIFT_HOME"
        )
    if info.st_mode & 0o022:
        raise InvalidError(
            f"others can write to the data folder {home}; look what is in it, then run: chmod 700 {home}"
        )
    if info.st_mode & 0o055:
        home.chmod(0o700)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise InvalidError(
            f"cannot write to the data folder {home}; make it writable or set NIGHTSHIFT_HOME to another"
        )


def read_toml(path: Path) -> FileSettings:
    """nightshift.toml, with the hosts that it takes from inventories; the defaults where there is none."""
    stated = stated_in(path)
    try:
        hosts = taken(stated.inventory, stated.hosts, path.parent).hosts
    except InvalidError as error:
        raise InvalidError(f"{path}: {error.message}") from error
    settings = stated.model_copy(update={"hosts": hosts})
    if mistake := roster_mistake(settings):
        raise InvalidError(f"{path}: {mistake}")
    if mistake := unfulfillable(Settings(home=path.parent, file=settings).inventory()):
        raise InvalidError(f"{path}: {mistake}")
    return settings


def stated_in(path: Path) -> FileSettings:
    """What nightshift.toml itself says, before any inventory."""
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = str(error).replace("at end of document", f"at line {max(1, len(text.splitlines()))}, the end")
        raise InvalidError(f"{path}: broken TOML: {where}; correct that line") from error
    return _validated(FileSettings, data, path)


def read_env(path: Path, environ: Mapping[str, str]) -> EnvSettings:
    """.env, over which the environment wins."""
    return read_secrets(path, environ, frozenset())[0]


def read_secrets(path: Path, environ: Mapping[str, str], wanted: frozenset[str]) -> tuple[EnvSettings, dict[str, str]]:
    """.env, over which the environment wins; and beside what it always may hold those names that nightshift.toml refers to."""
    from_file: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(_text(path))):
        if binding.error or (binding.key and binding.value is None):
            raise InvalidError(f"{path}: line {_line(binding)} cannot be read; write KEY=value")
        if binding.key:
            from_file[binding.key] = binding.value or ""
    known = {field.alias or name for name, field in EnvSettings.model_fields.items()}
    given = {key: value for key, value in environ.items() if key in known | wanted}
    settings = {key: value for key, value in (from_file | given).items() if value}
    secrets = {key: value for key, value in settings.items() if key in wanted}
    ours = {key: value for key, value in settings.items() if key in known or key not in wanted}
    return _validated(EnvSettings, ours, path if from_file else "the environment"), secrets


def _text(path: Path) -> str:
    if not path.exists():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise InvalidError(f"cannot read {path}: {error.strerror}; correct its permissions") from error


def _line(binding: Binding) -> int:
    """The parser counts from the blank lines before a statement; a person looks for the statement."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


_M = TypeVar("_M", bound=BaseModel)


def _validated(model: type[_M], data: Mapping[str, Any], path: Path | str) -> _M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidError(f"{path}: {_sentence(model, error)}") from error


def _sentence(model: type[BaseModel], error: ValidationError) -> str:
    """The first mistake: the key, what is wrong with it, what to write."""
    first = error.errors(include_input=True, include_url=False)[0]
    key = _key(first["loc"])
    if first["type"] == "value_error":
        words = str(first["ctx"]["error"])
        return f"{key}: {words}" if key else words
    if first["type"] == "missing":
        return f"{key} is missing; write {_expected(model, first['loc'])}"
    given = first["input"]
    return f"{key} cannot be {_shown(given)}; write {_expected(model, first['loc'])}"


def _shown(given: object) -> str:
    return f"{str(given)[:60]!r}" if isinstance(given, str) else f"{str(given)[:60]} ({type(given).__name__})"


def _key(loc: tuple[int | str, ...]) -> str:
    """checks[2].every"""
    text = ""
    for part in (part for part in loc if part not in {"int", "float"}):
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _expected(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """What the innermost field of the path wants, in words."""
    description = "something else; see nightshift.example.toml"
    for part in loc:
        field = next((f for name, f in model.model_fields.items() if part in {f.alias, name}), None)
        if field is None:
            continue
        description = field.description or description
        model = next(
            (t for t in _types_in(field.annotation) if isinstance(t, type) and issubclass(t, BaseModel)), model
        )
    return description


def _types_in(annotation: Any) -> tuple[Any, ...]:
    inner = tuple(found for argument in get_args(annotation) for found in _types_in(argument))
    return (annotation, *inner)
