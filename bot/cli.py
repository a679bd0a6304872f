"""Every command a person types: one line for the desk or one call of the session. Loads nothing but typer until it is needed."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from bot import cli_asking, cli_documents, cli_hosts, cli_routing, cli_trust

if TYPE_CHECKING:
    from bot.cli_session import Session

USAGE = 2
PROBLEM = 1
UsageError: Any = typer.BadParameter.__mro__[1]  # typer gives it no name of its own

app = typer.Typer(
    help="Nightshift takes the night shift: it watches servers, asks before it acts, and proves that it is over.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # drawing the help with rich takes as long as everything before it
    context_settings={"max_content_width": 120},
)


def _group(help_text: str) -> typer.Typer:
    return typer.Typer(help=help_text, invoke_without_command=True)


incidents_app = _group("The latest incidents, or one.")
approvals_app = _group("What waits for an answer.")
policy_app = _group("Who may do what without asking.")
skills_app = _group("What Nightshift can do.")
memory_app = _group("What was done before.")
audit_app = _group("The signed trail of everything that mattered.")
for name, sub in (
    ("incidents", incidents_app),
    ("approvals", approvals_app),
    ("policy", policy_app),
    ("skills", skills_app),
    ("memory", memory_app),
    ("audit", audit_app),
):
    app.add_typer(sub, name=name)

Id = Annotated[str, typer.Argument(metavar="ID", help="An id or its unique beginning.")]
Scope = Annotated[str, typer.Argument(help="A host, group or incident; everything if left out.")]
Host = Annotated[str, typer.Option("--host", help="The host; this machine is localhost.")]


def _session() -> Session:
    from bot.cli_session import Session

    return Session.open(os.environ, as_json=_wants_json(sys.argv[1:]))


def _wants_json(arguments: list[str]) -> bool:
    """`--json` anywhere before `--`, so that people need not remember where it stands."""
    return "--json" in arguments[: arguments.index("--") if "--" in arguments else None]


def _say(*words: str) -> None:
    """Has the desk answer a typed line, shows it, and ends the command with its exit code."""
    raise typer.Exit(_session().say(shlex.join(words)))


def _say_line(line: str) -> None:
    """The same for a line that is taken as it is."""
    raise typer.Exit(_session().say(line))


@app.callback()
def _global(
    json: Annotated[bool, typer.Option("--json", help="JSON on stdout; an error is JSON on stderr.")] = False,
) -> None:
    """Nightshift takes the night shift."""


# ---- running ----------------------------------------------------------------------------------------------------------------------


@app.command()
def up() -> None:
    """Run what is configured; with nothing configured: this machine, SQLite, chat in this terminal."""
    raise typer.Exit(_session().up())


@app.command()
def sandboxd() -> None:
    """Hold the sandbox for a Nightshift in another container, which asks for guests over [sandbox] socket."""
    raise typer.Exit(_session().sandboxd())


@app.command()
def demo(
    yes: Annotated[bool, typer.Option("--yes", help="Answer for the person; only here.")] = False,
    night: Annotated[Optional[list[str]], typer.Option("--night", help="Only this night; may be repeated.")] = None,  # noqa: UP045 - typer reads it
    brain: Annotated[bool, typer.Option("--brain", help="Ask the model of .env, not the scripted one.")] = False,
) -> None:
    """Real nights on a patient host that is made for it and removed."""
    raise typer.Exit(_session().demo(tuple(night or ()), yes, brain))


@app.command()
def doctor() -> None:
    """What works, what does not, and what to do about it."""
    from bot.doctor import show_findings

    raise typer.Exit(show_findings(os.environ, wants_json=_wants_json(sys.argv[1:])))


@app.command()
def chat() -> None:
    """Talk to Nightshift in this terminal, beside a running `up` or without one."""
    from bot.chat_session import talk

    raise typer.Exit(talk(_session()))


# ---- asking -----------------------------------------------------------------------------------------------------------------------


@app.command()
def why(
    id: Annotated[str, typer.Argument(metavar="[ID]", help="Incident or approval; the latest if left out.")] = "",
    texts: Annotated[bool, typer.Option("--texts", help="With exactly what each model saw and said.")] = False,
) -> None:
    """Which tier decided on what evidence, which policy line asked, who answered, what was measured after."""
    if texts and not id:
        raise UsageError("write: nightshift why ID --texts")
    _say("why", *filter(None, [id, "texts" if texts else ""]))


@app.command()
def status() -> None:
    """What is on now."""
    raise typer.Exit(_session().status())


@incidents_app.callback()
def _incidents(ctx: typer.Context) -> None:
    """The latest incidents, or one."""
    if ctx.invoked_subcommand is None:
        _say("incidents")


@incidents_app.command("list")
def incidents_list() -> None:
    """The latest."""
    _say("incidents")


@incidents_app.command("show")
def incidents_show(id: Id) -> None:
    """One, with everything that was tried."""
    _say("incidents", id)


@memory_app.command("search")
def memory_search(words: Annotated[list[str], typer.Argument(help="Words to look for.")]) -> None:
    """Search what was done before."""
    raise typer.Exit(_session().say("memory " + " ".join(words)))


@memory_app.callback()
def _memory(ctx: typer.Context) -> None:
    """What was done before."""
    _needs_subcommand(ctx, "memory search WORDS")


# ---- deciding ---------------------------------------------------------------------------------------------------------------------


@approvals_app.callback()
def _approvals(ctx: typer.Context) -> None:
    """What waits for an answer."""
    if ctx.invoked_subcommand is None:
        _say("approvals")


@approvals_app.command("list")
def approvals_list() -> None:
    """All of them."""
    _say("approvals")


@approvals_app.command("approve")
def approve(
    id: Id,
    name: Annotated[str, typer.Argument(metavar="[HOST]", help="At high risk: the host's name, typed.")] = "",
) -> None:
    """Yes."""
    _say("approve", id, *filter(None, [name]))


@approvals_app.command("reject")
def reject(id: Id, why: Annotated[str, typer.Option("--why", help="The reason.")] = "") -> None:
    """No."""
    raise typer.Exit(_session().say(f"reject {id} {why}".strip()))


@approvals_app.command("pick")
def pick(id: Id, number: Annotated[int, typer.Argument(metavar="N", help="The number on the card.")]) -> None:
    """Choose one of the choices."""
    _say("pick", id, str(number))


@app.command()
def stop(scope: Scope = "") -> None:
    """From now on no effect begins there; survives restarts."""
    _say("stop", *filter(None, [scope]))


@app.command()
def go(scope: Scope = "") -> None:
    """Lift a stop."""
    _say("go", *filter(None, [scope]))


cli_trust.add_to(app, _say_line)
cli_hosts.add_to(app, _session)
cli_documents.add_to(app, _session)
cli_routing.add_to(app, _session)
cli_asking.add_to(app, _session)


# ---- acting -----------------------------------------------------------------------------------------------------------------------


@app.command()
def run(
    skill: Annotated[str, typer.Argument(help="The skill.")],
    host: Host,
    values: Annotated[Optional[list[str]], typer.Argument(metavar="[KEY=VALUE]...", help="Its parameters.")] = None,  # noqa: UP045 - typer reads it
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would do; change nothing.")] = False,
) -> None:
    """Run a skill; what changes something is asked for first."""
    words = [skill, f"host={host}", *(values or ())]
    raise typer.Exit(_session().say(("dry run " if dry_run else "run ") + shlex.join(words)))


@app.command()
def undo(action: Annotated[int, typer.Argument(metavar="ACTION", help="The number in the report.", min=1)]) -> None:
    """Take back one action; a proposal like any other."""
    _say("undo", str(action))


@app.command()
def alert(
    signal: Annotated[str, typer.Argument(metavar="[SIGNAL]", help="As in disk.used_percent:/")] = "",
    host: Annotated[str, typer.Option("--host", help="The host; this machine is localhost.")] = "",
    value: Annotated[Optional[float], typer.Option("--value", help="What was measured.")] = None,  # noqa: UP045 - typer reads it
    text: Annotated[str, typer.Option("--text", help="What you saw.")] = "",
    explain: Annotated[
        str, typer.Option("--explain", metavar="FILE", help="Show how a webhook's labels map; send nothing.")
    ] = "",
) -> None:
    """Report something by hand: a claim, which starts looking and never acting."""
    if explain:
        raise typer.Exit(_session().explain_alerts(explain))
    if not signal or not host:
        raise UsageError("write: nightshift alert SIGNAL --host HOST [--value V], or --explain FILE")
    options = [
        f"host={host}",
        *([f"value={value!r}"] if value is not None else []),
        *([f"text={text}"] if text else []),
    ]
    _say("alert", signal, *options)


# ---- policy, skills, audit --------------------------------------------------------------------------------------------------------


@policy_app.callback()
def _policy(ctx: typer.Context) -> None:
    """Who may do what without asking."""
    if ctx.invoked_subcommand is None:
        raise typer.Exit(_session().policy())


@policy_app.command("show")
def policy_show() -> None:
    """The whole table."""
    raise typer.Exit(_session().policy())


@policy_app.command("explain")
def policy_explain(skill: Annotated[str, typer.Argument(help="The skill.")], host: Host) -> None:
    """What policy would say to this skill on this host, for everybody who could ask."""
    raise typer.Exit(_session().explain_policy(skill, host))


@skills_app.callback()
def _skills(ctx: typer.Context) -> None:
    """What Nightshift can do."""
    if ctx.invoked_subcommand is None:
        skills_list()


@skills_app.command("list")
def skills_list() -> None:
    """All, with risk, state, and the real fault on which each was proven."""
    from bot import cli_skills

    raise typer.Exit(cli_skills.show_all(_session()))


@skills_app.command("show")
def skills_show(name: Annotated[str, typer.Argument(help="The skill.")]) -> None:
    """One, with its source."""
    from bot import cli_skills

    raise typer.Exit(cli_skills.show(_session(), name))


@skills_app.command("gaps")
def skills_gaps() -> None:
    """Skills that were missed: what a model or a person wanted and nothing here can do."""
    from bot import cli_skills

    raise typer.Exit(cli_skills.gaps(_session()))


@skills_app.command("test")
def skills_test(
    name: Annotated[str, typer.Argument(metavar="[NAME|FILE]", help="A skill, or a file with one.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every skill; exit 1 where one is not sound.")] = False,
) -> None:
    """Play a skill's CASES on an invented host, in the sandbox; then failing host calls, and mutants that its CASES must notice."""
    from bot import cli_skills

    if bool(name) == every:
        raise UsageError("write: nightshift skills test NAME, or --all")
    raise typer.Exit(cli_skills.test_all(_session()) if every else cli_skills.test(_session(), name))


@skills_app.command("adopt")
def skills_adopt(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A script of yours.")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="What it is given, word by word.")
    ] = None,
    risk: Annotated[str, typer.Option("--risk", help="medium or high.")] = "",
    cures: Annotated[Optional[list[str]], typer.Option("--cures", help="A signal it cures; may be repeated.")] = None,  # noqa: UP045
    undo: Annotated[str, typer.Option("--undo", help="The command that takes it back, e.g. '/opt/x.sh api'.")] = "",
    name: Annotated[str, typer.Option("--name", help="What it is called; else as its file.")] = "",
    hosts: Annotated[Optional[list[str]], typer.Option("--host", help="Where it may run; may be repeated.")] = None,  # noqa: UP045
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> None:
    """Make a script of your own a skill: writes its lines, bound to its content, into nightshift.toml. Nothing is run."""
    from bot import cli_skills
    from bot.adopting import Wish

    given = Wish(name, tuple(words or ()), risk, tuple(cures or ()), tuple(undo.split()), tuple(hosts or ()))
    raise typer.Exit(cli_skills.adopt(_session(), file, given, is_sure=yes))


@audit_app.callback()
def _audit(ctx: typer.Context) -> None:
    """The signed trail of everything that mattered."""
    _needs_subcommand(ctx, "audit tail, audit verify or audit export")


@audit_app.command("tail")
def audit_tail(count: Annotated[int, typer.Option("-n", help="How many rows.", min=1)] = 20) -> None:
    """The newest rows."""
    from bot import cli_audit

    raise typer.Exit(cli_audit.tail(_session(), count))


@audit_app.command("verify")
def audit_verify(
    head: Annotated[str, typer.Option("--head", help="The head from a report you kept; it must be in the trail.")] = "",
) -> None:
    """Walk the whole trail; exit 1 where a row was changed or is missing."""
    from bot import cli_audit

    raise typer.Exit(cli_audit.verify(_session(), head))


@audit_app.command("export")
def audit_export() -> None:
    """Every row, one JSON object a line."""
    from bot import cli_audit

    raise typer.Exit(cli_audit.export(_session()))


def _needs_subcommand(ctx: typer.Context, usage: str) -> None:
    if ctx.invoked_subcommand is None:
        raise UsageError(f"write: nightshift {usage}")


# ---- the end ----------------------------------------------------------------------------------------------------------------------


def main() -> None:
    """The console script: exit 0 done, 1 a problem, 2 wrong usage; every error is one sentence on stderr."""
    for stream in ("stdin", "stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by whoever started us
            setattr(sys, stream, Path(os.devnull).open("r+", encoding="utf-8"))  # noqa: SIM115 - until the end
    arguments = sys.argv[1:]
    as_json = _wants_json(arguments)
    plain = [word for index, word in enumerate(arguments) if word != "--json" or "--" in arguments[:index]]
    sys.exit(_run(plain, as_json=as_json))


def _run(arguments: list[str], *, as_json: bool) -> int:
    from core.errors import InvalidError, NightshiftError

    try:
        code = int(app(arguments, prog_name="nightshift", standalone_mode=False) or 0)
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _complain(error.format_message(), as_json=as_json, code=USAGE)
    except InvalidError as error:
        return _complain(error.message, as_json=as_json, code=USAGE)
    except NightshiftError as error:
        return _complain(error.message, as_json=as_json, code=PROBLEM)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        _say_no_more()  # whoever read us has gone, as `head` does
        return 0
    except OSError as error:
        _say_no_more()
        return _complain(
            f"cannot write the answer: {error.strerror}; nothing more was shown", as_json=as_json, code=PROBLEM
        )


def _say_no_more() -> None:
    """What is still held back for stdout goes nowhere, so that the interpreter does not stumble over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(sentence: str, *, as_json: bool, code: int) -> int:
    import json

    line = " ".join(sentence.split())
    sys.stderr.write((json.dumps({"error": line}, ensure_ascii=False) if as_json else f"nightshift: {line}") + "\n")
    return code
