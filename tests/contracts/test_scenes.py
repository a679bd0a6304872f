"""Contract of port Scenes."""

from __future__ import annotations

from dataclasses import replace

from core.scene import HostEvent, Login, Scene
from tests.stores import Case


def test_the_first_look_at_an_incident_stays(case: Case) -> None:
    now = case.clock.now()
    logins = (Login("li", "pts/0", "203.0.113.7", now, 300.0), Login("bo", "tty1"))
    scene = Scene("a1", now, logins, (HostEvent("config", "/etc/nginx/nginx.conf", now, "me"),), "packages: no")
    assert case.store.scenes.of("a1") is None
    assert case.store.scenes.save(scene) == scene
    assert case.store.scenes.save(replace(scene, logins=())) == scene
    assert case.store.scenes.of("a1") == scene
