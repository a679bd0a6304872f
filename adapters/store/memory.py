"""Port Memory: exact memory of what worked; episodes are sealed, because earned trust is counted from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from adapters.store.database import Database, DatabaseGoneError, Transaction
from adapters.store.remembered import Remembered, Row
from adapters.store.rows import clean, dump, epoch, load, moment
from adapters.store.schema import EPISODE
from adapters.store.sealed import Sealer
from core.episode import FAILURES, Episode, Recall
from core.incident import Ending

REMEMBERED = 100
"""Newest episodes of one fault, or of one skill, in one group that are looked at; older ones only cost it trust."""

_ESCAPE = "\\"


def remember_all(tx: Transaction, sealer: Sealer, episodes: Sequence[Episode]) -> None:
    """Writes episodes in the caller's transaction."""
    for episode in episodes:
        values = (
            episode.id,
            episode.fingerprint,
            episode.group,
            episode.skill,
            episode.sha256,
            episode.ending or "",
            epoch(episode.at),
        )
        names = ("id", "fingerprint", "host_group", "skill", "sha256", "ending", "at")
        row = dict(zip(names, values, strict=True))
        tx.insert_new(
            EPISODE, **row, text=clean(episode.text), body=dump(episode, Episode), mark=sealer.sign("episode", *values)
        )


class StoredMemory:
    """Episodes in `ns_episode`."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer
        self._ready = Remembered(db.file, self._believed, REMEMBERED) if db.file else None

    def recall(self, fingerprint: str, group: str) -> tuple[Recall, ...]:
        """See `core.ports.Memory`."""
        if self._ready is None:
            return self._recall(fingerprint, group)
        try:
            return self._ready.recall(fingerprint, group)
        except sqlite3.Error as error:
            raise DatabaseGoneError(f"the database does not answer: {error}") from error

    def close(self) -> None:
        """Gives back what it holds of the database."""
        if self._ready is not None:
            self._ready.close()

    def _recall(self, fingerprint: str, group: str) -> tuple[Recall, ...]:
        c = EPISODE.c
        query = sa.select(c.id, c.skill, c.sha256, c.ending, c.at, c.mark)
        query = query.where(c.fingerprint == fingerprint, c.host_group == group)
        with self._db.read() as conn:
            rows = conn.execute(query.order_by(c.at.desc(), c.id.desc()).limit(REMEMBERED)).all()
        return self._believed(fingerprint, group, [(r.id, r.skill, r.sha256, r.ending, r.at, r.mark) for r in rows])

    def _believed(self, fingerprint: str, group: str, rows: Sequence[Row]) -> tuple[Recall, ...]:
        """What those rows add up to whose seals hold."""
        holds, told = self._sealer.holds, list[tuple[str, str, str, datetime]]()
        for id_, skill, sha256, ending, at, mark in rows:
            if holds("episode", id_, mark, id_, fingerprint, group, skill, sha256, ending, at):
                told.append((skill, sha256, ending, moment(at)))
        return tally(told)

    def episodes(self, group: str, skill: str, sha256: str) -> tuple[Episode, ...]:
        """See `core.ports.Memory`. What its seal does not cover is only told, never counted by."""
        c = EPISODE.c
        query = sa.select(EPISODE).where(c.host_group == group, c.skill == skill, c.sha256 == sha256, c.ending != "")
        with self._db.read() as conn:
            rows = conn.execute(query.order_by(c.at.desc(), c.id.desc()).limit(REMEMBERED)).all()
        return tuple(_sealed(row) for row in rows if self._holds(row))

    def _holds(self, row: sa.Row[tuple[object, ...]]) -> bool:
        values = (row.id, row.fingerprint, row.host_group, row.skill, row.sha256, row.ending, row.at)
        return self._sealer.holds("episode", row.id, row.mark, *values)

    def remember(self, episode: Episode) -> None:
        """See `core.ports.Memory`."""
        with self._db.write() as tx:
            remember_all(tx, self._sealer, (episode,))

    def search(self, text: str, limit: int) -> tuple[Episode, ...]:
        """See `core.ports.Memory`."""
        query = sa.select(EPISODE.c.body).order_by(EPISODE.c.at.desc(), EPISODE.c.id).limit(limit)
        for word in clean(text).split():
            escaped = word.replace(_ESCAPE, _ESCAPE * 2).replace("%", f"{_ESCAPE}%").replace("_", f"{_ESCAPE}_")
            query = query.where(sa.func.lower(EPISODE.c.text).like(sa.func.lower(f"%{escaped}%"), escape=_ESCAPE))
        with self._db.read() as conn:
            return tuple(load(body, Episode) for body in conn.execute(query).scalars())


def _sealed(row: sa.Row[tuple[object, ...]]) -> Episode:
    """The noun with the columns that are sealed in place of its own."""
    return replace(
        load(row.body, Episode),
        id=row.id,
        fingerprint=row.fingerprint,
        group=row.host_group,
        skill=row.skill,
        sha256=row.sha256,
        ending=Ending(row.ending),
        at=moment(row.at),
    )


def tally(newest_first: Sequence[tuple[str, str, str, datetime]]) -> tuple[Recall, ...]:
    """Recalls from (skill, sha256, ending or '' for a choice, at): per skill and hash, successes since the last failure; best first."""
    verified: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], datetime] = {}
    failed: set[tuple[str, str]] = set()
    picked: set[tuple[str, str]] = set()
    for skill, sha256, ending, at in newest_first:
        key = (skill, sha256)
        last.setdefault(key, at)
        verified.setdefault(key, 0)
        if not ending:
            picked.add(key)
        elif ending in FAILURES:
            failed.add(key)
        elif ending == Ending.FIXED and key not in failed:
            verified[key] += 1
    recalls = [
        Recall(skill, sha, verified[skill, sha], last[skill, sha], (skill, sha) in picked) for skill, sha in last
    ]
    return tuple(sorted(recalls, key=lambda r: (-r.verified, not r.was_picked, -r.last.timestamp(), r.skill)))
