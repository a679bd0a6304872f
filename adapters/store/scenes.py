"""Port Scenes: the surroundings of incidents, as they were when first looked at."""

from __future__ import annotations

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.rows import dump, load
from adapters.store.schema import SCENE
from core.scene import Scene


class StoredScenes:
    """Scenes in `ns_scene`; they are shown and decide nothing: whoever is about to act looks again."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, scene: Scene) -> Scene:
        """See `core.people_ports.Scenes`."""
        with self._db.write() as tx:
            if tx.insert_new(SCENE, incident=scene.incident, body=dump(scene, Scene)):
                return scene
            body = tx.conn.execute(sa.select(SCENE.c.body).where(SCENE.c.incident == scene.incident)).scalar_one()
        return load(body, Scene)

    def of(self, incident: str) -> Scene | None:
        """See `core.people_ports.Scenes`."""
        with self._db.read() as conn:
            body = conn.execute(sa.select(SCENE.c.body).where(SCENE.c.incident == incident)).scalar()
        return None if body is None else load(body, Scene)
