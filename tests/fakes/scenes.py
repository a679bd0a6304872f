"""Fake Scenes in memory."""

from __future__ import annotations

from core.scene import Scene


class FakeScenes:
    """Scenes in memory."""

    def __init__(self) -> None:
        self._scenes: dict[str, Scene] = {}

    def save(self, scene: Scene) -> Scene:
        """See `core.people_ports.Scenes`."""
        return self._scenes.setdefault(scene.incident, scene)

    def of(self, incident: str) -> Scene | None:
        """See `core.people_ports.Scenes`."""
        return self._scenes.get(incident)
