"""The danger of grants, calls and skills, as TRUST 1 says."""

from __future__ import annotations

import pytest
from hypothesis import given

from core.capability import Risk, Verb
from core.grant import Grant, risk_of, risk_of_call, risk_of_skill
from core.skill_catalog import parse_skill
from tests.core.grant_texts import GRANT_TEXT, grant_or_none
from tests.core.skill_texts import FREE_LOGS

RISKS = """
low fs.read:/srv/x
low fs.list:/**
low fs.stat:/srv/x
low process.list
low service.status:*
low notify
low exec:ss -ltnp
low http.GET:http://localhost:8080/health
low http.GET:https://listed.example/**
high http.GET:https://other.example/
high http.GET:{url}
medium service.start:nginx
medium service.restart:{unit}
medium service.reload:nginx
high service.stop:nginx
medium fs.delete:/var/log/**;rotated
medium fs.delete:{directory}/*;rotated
high fs.delete:/var/log/**
high fs.delete:{directory}/*
medium fs.delete:/var/cache/apt/archives/*
medium fs.delete:/srv/scratch/**
high fs.delete:/srv/other/**
medium fs.delete:/run/app.pid
medium fs.delete:/var/log/app.log.3
high fs.delete:/srv/app/customers.3
medium fs.truncate:/proc/{pid}/fd/{fd}
high fs.truncate:/var/log/app.log
medium fs.write:/etc/resolv.conf
high fs.write:/etc/nginx/nginx.conf
high fs.write:/srv/app/x
high fs.write:/opt/x
high fs.write:/run/app.pid
medium fs.move:/var/log/app.log
high fs.move:/srv/x
high exec:ip route add default via {addr} dev {iface}
high exec:ip link set dev {iface} up
medium exec:apt-get clean
high exec:certbot renew
high process.signal:nginx;HUP
high process.signal:{pid};TERM
high secret:gitlab@https://git.example.com/**
high http.POST:https://listed.example/**
high http.POST:{url};listed
low http.GET:{url};listed
low http.GET:https://other.example/;listed
low http.GET:{url};listed;private;site
low kv:yesterday
low kv:page.*
"""


@pytest.mark.parametrize("line", RISKS.strip().split("\n"))
def test_the_danger_of_a_grant_is_as_trust_says(line: str) -> None:
    word, text = line.split(" ", 1)
    assert risk_of(Grant.parse(text), ("/srv/scratch/**",), ("listed.example",)).word == word


def test_a_grant_that_could_not_be_parsed_is_beyond_every_approval() -> None:
    assert risk_of(Grant(Verb.FS_WRITE, "/etc/sudoers")) is Risk.NEVER
    assert risk_of(Grant(Verb.EXEC, "sh -c x")) is Risk.NEVER
    assert risk_of(Grant(Verb.SERVICE_STOP, "sshd")) is Risk.NEVER


@given(GRANT_TEXT)
def test_only_looks_are_low(text: str) -> None:
    grant = grant_or_none(text)
    looking = {
        Verb.FS_READ,
        Verb.FS_LIST,
        Verb.FS_STAT,
        Verb.SERVICE_STATUS,
        Verb.PROCESS_LIST,
        Verb.NOTIFY,
        Verb.EXEC,
        Verb.HTTP_GET,
        Verb.KV,
    }
    assert grant is None or risk_of(grant) is not Risk.LOW or grant.verb in looking


@pytest.mark.parametrize(
    ("verb", "args", "word"),
    [
        (Verb.FS_DELETE, {"path": "/var/log/app.log.1"}, "medium"),
        (Verb.FS_DELETE, {"path": "/srv/x"}, "high"),
        (Verb.FS_TRUNCATE, {"path": "/proc/7/fd/3", "open_file": "/data/app.log (deleted)"}, "medium"),
        (Verb.FS_TRUNCATE, {"path": "/proc/7/fd/3", "open_file": "/data/x (deleted)"}, "high"),
        (Verb.FS_TRUNCATE, {"path": "/proc/7/fd/3"}, "high"),
        (Verb.FS_MOVE, {"path": "/tmp/a", "to": "/srv/b"}, "high"),
        (Verb.FS_WRITE, {}, "never"),
        (Verb.EXEC, {"argv": ["certbot", "renew"]}, "high"),
        (Verb.EXEC, {"argv": 3}, "high"),
        (Verb.SERVICE_STOP, {"name": "nginx"}, "high"),
        (Verb.HTTP_GET, {"url": "http://127.0.0.1/"}, "low"),
    ],
)
def test_the_danger_of_a_call_is_that_of_what_it_touches(verb: Verb, args: dict[str, object], word: str) -> None:
    assert risk_of_call(verb, args).word == word


def test_a_skill_is_never_less_dangerous_than_its_grants_or_its_author_says() -> None:
    skill = parse_skill("skills/disk/free_logs.py", FREE_LOGS)
    assert risk_of_skill(skill) is Risk.MEDIUM
    wide = parse_skill("skills/disk/free_logs.py", FREE_LOGS.replace(";rotated", ""))
    assert risk_of_skill(wide) is Risk.HIGH
    cautious = parse_skill("skills/disk/free_logs.py", FREE_LOGS.replace('risk = "medium"', 'risk = "high"'))
    assert risk_of_skill(cautious) is Risk.HIGH
