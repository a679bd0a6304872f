"""What runs reach beyond their host: HTTP, secrets, notes, notices; and a dry run that does none of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.broker import Broker, Doors, Errand, Limits, RunMode
from core.capability import LOCAL_LOOKS, Verb
from core.errors import PlanExceededError, QuotaError
from core.grant import Grant
from core.host_call import METHODS
from core.service_control import Services
from core.skill import HostError
from core.web import WebAnswer, WebRequest, masked
from core.world import Json
from tests.core.run_kit import Bench
from tests.fakes.host import FakeHost
from tests.fakes.store import FakeStore

TOKEN = "glpat-1234567890/abc+XYZ="
GIT = "https://git.example.com/api/v4/jobs"
GET: dict[str, Json] = {"url": GIT, "headers": {}, "limit": 65536}
WEB = ("http.GET:https://git.example.com/api/**", "http.POST:https://git.example.com/api/**")
SECRET = "secret:gitlab@https://git.example.com/api/**"


@dataclass
class Beyond:
    """A host, a store, a web that echoes everything, and what was sent, told and kept."""

    store: FakeStore = field(default_factory=FakeStore)
    sent: list[WebRequest] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    echo: Callable[[WebRequest], str] = lambda request: json.dumps([request.headers, request.body])

    def fetch(self, request: WebRequest) -> WebAnswer:
        self.sent.append(request)
        return WebAnswer(200, self.echo(request)[: request.limit])

    def secret(self, name: str) -> str:
        secrets = {"gitlab": TOKEN}
        try:
            return secrets[name]
        except KeyError:
            raise HostError("denied", f"no secret {name} is set") from None

    def broker(
        self,
        *grants: str,
        mode: RunMode = RunMode.EXECUTE,
        host: str = "localhost",
        listed: tuple[str, ...] = (),
        limits: Limits | None = None,
    ) -> Broker:
        target = FakeHost(
            {
                "files": {"/srv/app/a": "a", "/srv/app/old.log.1": "x"},
                "services": {"app": {}},
                "processes": [{"pid": 7, "name": "app"}],
            }
        )
        doors = Doors(
            host=target,
            services=Services(target.status, target.argv),
            effects=self.store.effects,
            blobs=self.store.blobs,
            clock=self.store.clock,
            permit=lambda: None,
            refused=lambda method, why: self.refused.append(f"{method}: {why}"),
            fetch=self.fetch,
            notify=lambda to, text: self.told.append((to, text)),
            secret=self.secret,
            recall=self.kept.get,
            keep=self.kept.__setitem__,
        )
        granted = tuple(map(Grant.parse, grants))
        return Broker(
            Errand("r1", "a_skill", host, mode, granted, listed_hosts=listed, limits=limits or Limits()), doors
        )


def everything_written(here: Beyond) -> str:
    """All that the journal, the audit and the refusals hold."""
    return repr((here.store.effects.of_run("r1"), here.store.audit.tail(1000), here.refused))


# ---- secrets ------------------------------------------------------------------------------------------------------------------------


def test_a_secret_goes_out_in_a_header_and_is_seen_by_nobody() -> None:
    here = Beyond()
    broker = here.broker(*WEB, SECRET)
    handle = broker.answer("secret", {"name": "gitlab"})
    answer = broker.answer("http.GET", {**GET, "headers": {"Private-Token": f"{handle}"}})
    assert dict(here.sent[0].headers) == {"Private-Token": TOKEN}
    assert TOKEN not in f"{handle}{answer}"
    assert "[secret gitlab]" in f"{answer}"
    assert TOKEN not in everything_written(here)


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/other",
        "https://evil.example.com/api/x",
        "https://git.example.com.evil.com/api/x",
        "https://git.example.com:444/api/x",
        "http://git.example.com/api/x",
        "https://git.example.com/api/../other",
    ],
)
def test_a_secret_goes_nowhere_but_to_the_urls_of_its_grant(url: str) -> None:
    here = Beyond()
    wide = ("https://git.example.com/**", "https://evil.example.com/**", "https://git.example.com.evil.com/**")
    more = ("https://git.example.com:444/**", "http://git.example.com/**")
    broker = here.broker(*(f"http.GET:{one}" for one in (*wide, *more)), SECRET)
    with pytest.raises(HostError, match="denied"):
        broker.answer("http.GET", {"url": url, "headers": {"Private-Token": "{secret:gitlab}"}, "limit": 9})
    assert here.sent == []


def test_a_handle_without_its_grant_is_refused_and_audited() -> None:
    here = Beyond()
    with pytest.raises(HostError, match="denied"):
        here.broker(*WEB).answer("http.GET", {**GET, "headers": {"X": "{secret:gitlab}"}})
    assert here.sent == []
    assert "secret:gitlab@https://git.example.com" in here.refused[0]


def test_a_handle_is_replaced_in_header_values_only() -> None:
    here = Beyond()
    broker = here.broker(*WEB, SECRET, "notify", "kv:x", "fs.write:/srv/app/a")
    broker.answer("http.POST", {**GET, "url": GIT, "body": "{secret:gitlab}"})
    broker.answer("notify", {"to": "oncall", "text": "{secret:gitlab}"})
    broker.answer("kv.keep", {"key": "x", "text": "{secret:gitlab}"})
    broker.answer("fs.write", {"path": "/srv/app/a", "text": "{secret:gitlab}"})
    assert TOKEN not in repr((here.sent, here.told, here.kept)) + everything_written(here)


@pytest.mark.parametrize(
    "encode",
    [
        str,
        quote,
        lambda text: quote(text, safe=""),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"ab{text}tail".encode()).decode(),
        lambda text: text.encode().hex(),
        lambda text: text[::-1],
        json.dumps,
    ],
)
def test_an_answer_that_echoes_a_secret_is_masked(encode: Callable[[str], str]) -> None:
    here = Beyond(echo=lambda request: f"before {encode(dict(request.headers)['X'])} after")
    broker = here.broker(*WEB, SECRET)
    answer = f"{broker.answer('http.GET', {**GET, 'headers': {'X': '{secret:gitlab}'}})}"
    assert "[secret gitlab]" in answer
    assert not any(TOKEN[at : at + 8] in answer for at in range(len(TOKEN) - 8))


def test_a_secret_that_the_limit_cuts_in_two_is_masked_as_well() -> None:
    here = Beyond(echo=lambda request: "x" * 10 + dict(request.headers)["X"])
    broker = here.broker(*WEB, SECRET)
    answer = broker.answer("http.GET", {**GET, "headers": {"X": "{secret:gitlab}"}, "limit": 25})
    assert answer == [200, "x" * 10]


def test_an_error_that_repeats_a_secret_is_masked() -> None:
    def fails(request: WebRequest) -> str:
        raise HostError("failed", f"bad header {request.headers}")

    here = Beyond(echo=fails)
    with pytest.raises(HostError) as caught:
        here.broker(*WEB, SECRET).answer("http.GET", {**GET, "headers": {"X": "{secret:gitlab}"}})
    assert TOKEN not in str(caught.value)
    assert TOKEN not in everything_written(here)
    assert caught.value.__cause__ is None


def test_a_secret_that_is_not_set_is_refused() -> None:
    here = Beyond()
    with pytest.raises(HostError, match="denied"):
        here.broker("secret:other@https://git.example.com/").answer("secret", {"name": "other"})


@given(st.text(min_size=8, max_size=40), st.text(max_size=30), st.text(max_size=30))
def test_no_text_holds_a_secret_after_masking(secret: str, before: str, after: str) -> None:
    assert secret not in masked(f"{before}{secret}{after}", {"s": secret}).replace("[secret s]", "\0")


# ---- HTTP ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"host": "evil.example"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "upgrade"},
        {"Cookie": "a=b"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Metadata-Flavor": "Google"},
        {"User-Agent": "curl"},
        {"X": "a\r\nHost: evil"},
        {"X": "a\n"},
        {"X\r\nY": "a"},
        {"X": "é"},
        {"X ": "a"},
        {"": "a"},
        {"X": 1},
        {"X": None},
        {"X": "a" * 1001},
        {"A": "1", "a": "2"},
        {f"X-{number}": "a" for number in range(21)},
        [],
        "X: a",
        None,
    ],
)
def test_a_header_that_is_not_a_skills_to_set_is_refused(headers: Json) -> None:
    here = Beyond()
    with pytest.raises(HostError, match="denied"):
        here.broker(*WEB).answer("http.GET", {**GET, "headers": headers})
    assert here.sent == []


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "file:///etc/passwd", "http://localhost:8470/", "//x", "", None, 3]
)
def test_what_is_never_fetched_is_refused_and_noted(url: Json) -> None:
    here = Beyond()
    with pytest.raises(HostError, match="denied"):
        here.broker("http.GET:https://git.example.com/**", mode=RunMode.LOOK).answer("http.GET", {**GET, "url": url})
    assert here.sent == []
    assert len(here.refused) == 1


def test_private_addresses_are_for_grants_that_say_so() -> None:
    here = Beyond()
    here.broker("http.GET:https://git.example.com/api/**").answer("http.GET", {**GET})
    here.broker("http.GET:https://git.example.com/api/**;private").answer("http.GET", {**GET})
    here.broker("http.GET:https://git.example.com/api/**", "http.GET:https://other.example/**;private").answer(
        "http.GET", {**GET}
    )
    assert [request.is_private for request in here.sent] == [False, True, False]


def test_listed_reaches_nothing_but_what_the_operator_listed() -> None:
    here = Beyond()
    broker = here.broker("http.GET:https://git.example.com/api/**;listed", mode=RunMode.LOOK)
    with pytest.raises(HostError, match="denied"):
        broker.answer("http.GET", {**GET})
    listed = here.broker(
        "http.GET:https://git.example.com/api/**;listed", mode=RunMode.LOOK, listed=("git.example.com",)
    )
    assert listed.answer("http.GET", {**GET}) == [200, '[[], ""]']


def test_a_run_on_another_host_does_not_take_our_loopback_for_its_own() -> None:
    here = Beyond()
    grant = "http.GET:http://localhost/status;private"
    call: dict[str, Json] = {"url": "http://localhost/status", "headers": {}, "limit": 9}
    assert here.broker(grant).answer("http.GET", {**call})
    with pytest.raises(HostError, match="another one"):
        here.broker(grant, host="web-1").answer("http.GET", {**call})


def test_a_yes_binds_what_is_posted() -> None:
    here = Beyond()
    call: dict[str, Json] = {"url": GIT, "body": "one", "headers": {}, "limit": 9}
    dry = here.broker(*WEB, mode=RunMode.REHEARSE)
    dry.answer("http.POST", {**call})
    errand = Errand("r1", "a_skill", "localhost", RunMode.EXECUTE, tuple(map(Grant.parse, WEB)), dry.plan)
    real = Broker(errand, replace(here.broker(*WEB)._doors))
    with pytest.raises(PlanExceededError):
        real.answer("http.POST", {**call, "body": "two"})
    assert here.sent == []


@pytest.mark.parametrize(
    ("limits", "method", "args", "times"),
    [
        (Limits(web=100), "http.GET", GET, 4),
        (Limits(web=100), "http.POST", {**GET, "body": "x" * 101}, 0),
        (Limits(read=100), "fs.read", {"path": "/srv/app/a", "limit": 9}, 100),
        (Limits(bytes=100), "kv.keep", {"key": "x", "text": "x" * 60}, 1),
        (Limits(notices=3), "notify", {"to": "oncall", "text": "x"}, 3),
    ],
)
def test_what_goes_over_a_quota_ends_the_run(limits: Limits, method: str, args: dict[str, Json], times: int) -> None:
    here = Beyond()
    broker = here.broker(*WEB, "fs.read:/srv/app/a", "kv:x", "notify", limits=limits)
    for _ in range(times):
        broker.answer(method, {**args})
    for _ in range(2):
        with pytest.raises(QuotaError):
            broker.answer(method, {**args})
    assert isinstance(broker.ended, QuotaError)


# ---- notes and notices --------------------------------------------------------------------------------------------------------------


def test_a_note_is_kept_for_keys_that_are_granted_alone() -> None:
    here = Beyond()
    broker = here.broker("kv:page.*", "kv:seen")
    broker.answer("kv.keep", {"key": "page.1", "text": "磁盘"})
    assert broker.answer("kv.recall", {"key": "page.1"}) == "磁盘"
    assert broker.answer("kv.recall", {"key": "seen"}) is None
    for key in ("other", "pag", "seen2", "../x", "", "a b", "page.\n", None, 3):
        with pytest.raises(HostError, match="denied"):
            broker.answer("kv.keep", {"key": key, "text": "x"})
    assert here.kept == {"page.1": "磁盘"}


def test_a_notice_goes_to_the_group_that_is_granted() -> None:
    here = Beyond()
    broker = here.broker("notify:web")
    broker.answer("notify", {"to": "web", "text": "disk"})
    for to in ("oncall", "db", "", "we", None):
        with pytest.raises(HostError, match="denied"):
            broker.answer("notify", {"to": to, "text": "disk"})
    assert here.told == [("web", "disk")]


# ---- a dry run ----------------------------------------------------------------------------------------------------------------------

CALLS: dict[str, dict[str, Json]] = {
    "fs.read": {"path": "/srv/app/a", "limit": 9},
    "fs.list": {"path": "/srv/app"},
    "fs.stat": {"path": "/srv/app/a"},
    "fs.write": {"path": "/srv/app/a", "text": "b"},
    "fs.delete": {"path": "/srv/app/old.log.1"},
    "fs.move": {"path": "/srv/app/a", "to": "/srv/app/b"},
    "fs.truncate": {"path": "/srv/app/a"},
    "exec": {"argv": ["/usr/bin/apt-get", "clean"]},
    "service.status": {"name": "app"},
    "service.start": {"name": "app"},
    "service.stop": {"name": "app"},
    "service.restart": {"name": "app"},
    "service.reload": {"name": "app"},
    "process.list": {},
    "process.signal": {"pid": 7, "started": 100, "name": "TERM"},
    "http.GET": GET,
    "http.POST": {**GET, "body": "x"},
    "kv.recall": {"key": "x"},
    "kv.keep": {"key": "x", "text": "new"},
    "notify": {"to": "oncall", "text": "x"},
    "secret": {"name": "gitlab"},
    "now": {},
}
ALL = (
    *(f"fs.{verb}:/srv/app/*" for verb in ("read", "stat", "write", "delete", "move", "truncate")),
    "fs.list:/srv/app",
    "exec:/usr/bin/apt-get clean",
    *(f"service.{verb}:app" for verb in ("status", "start", "stop", "restart", "reload")),
    "process.list",
    "process.signal:app;TERM",
    *WEB,
    "kv:x",
    "notify",
    SECRET,
)
LOOKS = {*map(str, LOCAL_LOOKS), "kv.recall", "now"}


def test_every_method_is_tried_here() -> None:
    assert set(CALLS) == set(map(str, METHODS))


@pytest.mark.parametrize("method", sorted(CALLS))
def test_a_dry_run_collects_whatever_is_no_local_look_and_does_none_of_it(method: str) -> None:
    here = Beyond()
    dry = here.broker(*ALL, mode=RunMode.REHEARSE)
    dry.answer(method, {**CALLS[method]})
    assert len(dry.plan) == int(method not in LOOKS)
    assert (here.sent, here.told, here.kept) == ([], [], {})
    assert here.store.effects.of_run("r1") == ()


def test_a_dry_run_remembers_what_it_imagines_to_keep() -> None:
    here = Beyond(kept={"x": "old"})
    dry = here.broker("kv:x", mode=RunMode.REHEARSE)
    assert dry.answer("kv.recall", {"key": "x"}) == "old"
    dry.answer("kv.keep", {"key": "x", "text": "new"})
    assert dry.answer("kv.recall", {"key": "x"}) == "new"
    assert here.kept == {"x": "old"}


@pytest.mark.parametrize("method", sorted(set(CALLS) - LOOKS - {"kv.keep", "notify"}))
def test_a_looker_does_nothing_of_it(method: str) -> None:
    here = Beyond()
    with pytest.raises(HostError, match="denied"):
        here.broker(*ALL, mode=RunMode.LOOK).answer(method, {**CALLS[method]})
    assert (here.sent, here.told, here.kept) == ([], [], {})


def test_every_verb_stands_in_a_call() -> None:
    assert {method.split(".")[0] if method.startswith("kv.") else method for method in CALLS} - {"now"} == set(
        map(str, Verb)
    )


def test_a_command_is_not_led_by_a_link_to_what_is_never_read() -> None:
    files = {"/var/log/nginx/error.log": {"kind": "link", "target": "/etc/shadow"}, "/var/log/syslog": "all well\n"}
    said = {f"/usr/bin/tail -c 60000 {path}": "root:$6$" for path in files}
    here = Bench(FakeHost({"files": files, "exec": said}))
    broker = here.broker(*(f"exec:{line}" for line in said))
    led, plain = (line.split() for line in said)
    with pytest.raises(HostError, match="it is a link") as caught:
        broker.answer("exec", {"argv": [*led]})
    assert caught.value.code == "denied"
    assert broker.answer("exec", {"argv": [*plain]}) == {"status": 0, "out": "root:$6$", "err": ""}


def test_what_the_code_of_a_looker_chooses_is_not_looked_up_at_others() -> None:
    line = "/usr/bin/getent ahosts stolen.evil.example"
    here = Bench(FakeHost({"exec": {line: "192.0.2.1"}}))
    looker = here.broker("exec:/usr/bin/getent ahosts {host}", mode=RunMode.LOOK)
    with pytest.raises(HostError, match="while it only looks"):
        looker.answer("exec", {"argv": list(line.split())})
    known = here.broker(f"exec:{line}", mode=RunMode.LOOK)
    assert known.answer("exec", {"argv": list(line.split())}) == {"status": 0, "out": "192.0.2.1", "err": ""}
