"""Command lines as patterns: no placeholder becomes an option, and every vetted shape is what its line says."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.argv_pattern import Placeholder, covers, is_of_type, parse_argv
from core.capability import Risk, Verb
from core.errors import InvalidError
from core.grant import Grant, risk_of, risk_of_call
from core.never_list import why_never_run
from core.paths import parts_of
from core.vetted_shapes import VETTED, shape_of, shape_of_argv
from tests.core.grant_texts import DOTTED, PATH, VALUES


@given(st.sampled_from(sorted(VALUES)), st.text(max_size=20))
def test_no_placeholder_accepts_an_option(kind: str, value: str) -> None:
    assert not Placeholder("", "x", kind).accepts(f"-{value}")
    assert not Placeholder("--to=", "x", kind).accepts(f"--to=-{value}")


@given(
    st.sampled_from(sorted(VALUES)),
    st.text(max_size=12),
    st.sampled_from(list(" \t\n'\"`$;|&<>()*?[]{}\\\x00\u200b\u202e")),
    st.text(max_size=12),
)
def test_no_placeholder_but_a_path_accepts_a_shell_character(kind: str, before: str, sign: str, after: str) -> None:
    assume(kind != "path")
    assert not is_of_type(kind, before + sign + after)


@given(st.one_of(PATH, DOTTED, st.text(max_size=30)), st.sampled_from(["", "/", "\n", "\u200b", "/.."]))
def test_a_path_placeholder_accepts_plain_absolute_paths_only(path: str, tail: str) -> None:
    value = path + tail
    assert not is_of_type("path", value) or value == "/" + "/".join(parts_of(value))


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_an_argv_pattern_reads_back_as_it_was_written(text: str) -> None:
    try:
        parsed = parse_argv(text)
    except InvalidError:
        return
    assert " ".join(map(str, parsed)) == text


@pytest.mark.parametrize("shape", VETTED, ids=str)
def test_every_vetted_shape_is_granted_reached_and_as_dangerous_as_its_line_says(shape: object) -> None:
    grant = Grant.parse(f"exec:{shape}")
    argv = [VALUES[part.type] if isinstance(part, Placeholder) else part for part in grant.argv]
    literal = Grant.parse(f"exec:{' '.join(argv)}")
    found = shape_of_argv(tuple(argv))
    assert found is not None
    assert grant.covers(Verb.EXEC, {"argv": argv})
    assert why_never_run(argv) is None
    assert (
        risk_of(grant, to_fill=grant.parameters)
        == risk_of(literal)
        == risk_of_call(Verb.EXEC, {"argv": argv})
        == found.risk
    )


@given(st.sampled_from(VETTED), st.integers(0, 12), st.sampled_from(["-x", "--exec=sh", "; rm", "$(id)", "-"]))
def test_a_vetted_shape_takes_no_further_option(shape: object, at: int, extra: str) -> None:
    grant = Grant.parse(f"exec:{shape}")
    argv = [VALUES[part.type] if isinstance(part, Placeholder) else part for part in grant.argv]
    longer = [*argv[:at], extra, *argv[at:]]
    assert not grant.covers(Verb.EXEC, {"argv": longer})
    assert not covers(grant.argv, tuple(longer))


def test_a_secret_file_does_not_pass_a_vetted_shape() -> None:
    grant = Grant.parse("exec:df -Pk {path}")
    assert grant.covers(Verb.EXEC, {"argv": ["df", "-Pk", "/data"]})
    assert not grant.covers(Verb.EXEC, {"argv": ["df", "-Pk", "/root/.ssh"]})


def test_a_program_elsewhere_is_no_vetted_one() -> None:
    assert shape_of(parse_argv("/usr/sbin/ip -j route show")) is not None
    assert shape_of(parse_argv("/opt/evil/ip -j route show")) is None
    assert risk_of(Grant.parse("exec:/opt/evil/ip -j route show")) is Risk.HIGH
