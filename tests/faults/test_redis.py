"""Redis: down, or refusing writes because a snapshot failed on a full disk; canary keys are counted before and after."""

from __future__ import annotations

import pytest

from tests.faults.databases import REDIS_SIGNAL, Redis
from tests.faults.ward import Ward
from tests.skills.patient import eventually

pytestmark = pytest.mark.needs("redis-server")


@pytest.mark.proves("start_redis", fault="Redis was killed; its data set is on disk")
def test_redis_is_started_and_has_what_it_had(ward: Ward) -> None:
    redis = Redis(ward.patient, "/srv/cache")
    redis.start()
    planted = redis.plant()
    assert redis.ask("save") == "OK"
    ward.plant("/srv/cache/dump.rdb", "/srv/orders")
    ward.shell("kill -9 $(cat /run/redis-server.pid)")
    ward.heals(REDIS_SIGNAL, by="start_redis", only=("service.start redis-server",))
    assert redis.canaries() == planted
    redis.restart()
    assert redis.canaries() == planted


@pytest.mark.proves("save_redis_again", fault="a snapshot failed on a full disk, so that Redis refuses writes")
def test_a_snapshot_is_written_again_once_there_is_room_and_the_guard_stays_on(ward: Ward) -> None:
    ward.shell("mkdir /srv/cache && mount -t tmpfs -o size=24m t /srv/cache")
    redis = Redis(ward.patient, "/srv/cache", "save 3600 1")
    redis.start()
    planted = redis.plant()
    ward.shell("head -c 100M /dev/zero > /srv/cache/film || true")
    assert "Background saving started" in redis.ask("bgsave")
    ward.plant("/srv/orders")
    assert eventually(lambda: ward.value(REDIS_SIGNAL) == 1)
    assert redis.ask("set order 1").startswith("MISCONF")
    ward.shell("rm /srv/cache/film")
    ward.heals(
        REDIS_SIGNAL, by="save_redis_again", only=("exec /usr/bin/redis-cli -p 6379 bgsave",), restart=redis.restart
    )
    assert redis.canaries() == planted
    assert redis.ask("set order 1") == "OK"
    assert redis.ask("config get stop-writes-on-bgsave-error").split() == ["stop-writes-on-bgsave-error", "yes"]


def test_no_snapshot_is_asked_for_while_the_disk_is_full(ward: Ward) -> None:
    ward.shell("mkdir /srv/cache && mount -t tmpfs -o size=24m t /srv/cache")
    redis = Redis(ward.patient, "/srv/cache", "save 3600 1")
    redis.start()
    redis.plant()
    ward.shell("head -c 100M /dev/zero > /srv/cache/film || true")
    redis.ask("bgsave")
    assert eventually(lambda: ward.value(REDIS_SIGNAL) == 1)
    ward.leaves_alone(REDIS_SIGNAL)


def test_a_redis_that_wants_a_password_is_up(ward: Ward) -> None:
    Redis(ward.patient, "/srv/cache", "requirepass s3cret")
    ward.shell("/etc/init.d/redis-server start")
    assert eventually(lambda: ward.value(REDIS_SIGNAL) == 0)
