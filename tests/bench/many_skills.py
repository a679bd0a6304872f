"""Thousands of skills as teams name and describe them, and what people say to them: made by rule, the same each time."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

from core.skill_manifest import Skill, SkillState
from tests.source_tree import ROOT


def _read(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(","))


_THINGS = _read(
    "nginx, haproxy, postgres, mysql, redis, kafka, rabbitmq, elasticsearch, mongodb, docker, kubernetes, etcd, "
    "consul, vault, jenkins, gitlab, grafana, prometheus, zookeeper, tomcat, gunicorn, celery, cassandra, minio, "
    "ceph, glusterfs, nfs, samba, ldap, openvpn, wireguard, bind, dnsmasq, postfix, dovecot, varnish, memcached, "
    "clickhouse, flink, spark, hadoop, airflow, superset, keycloak, harbor, nexus, sonarqube, traefik, envoy, "
    "istio"
)
_PARTS = _read(
    "disk, memory, connections, queue, replication, certificate, backup, log, lock, index, cache, partition, "
    "volume, snapshot, user, permission, port, route, session, thread, pool, heap, topic, consumer, shard, node, "
    "leader, election, quota, token, cron, job, mount, inode, socket, worker"
)
_TROUBLES = _read(
    "is full, is slow, is down, keeps growing, cannot be reached, times out, refuses writes, is corrupt, "
    "is missing, has expired, is stuck, lags behind, is out of date, crashes again and again, was changed, "
    "leaks, is blocked, rejects clients, does not start, is not healthy"
)
_TROUBLES_ZH = _read(
    "满了, 很慢, 挂了, 一直增长, 连不上, 超时, 拒绝写入, 损坏, 丢失, 过期了, 卡住, 延迟, 太旧, 反复崩溃, 被改动, "
    "泄漏, 被阻塞, 拒绝连接, 起不来, 不健康"
)
_PARTS_ZH = _read(
    "磁盘, 内存, 连接, 队列, 复制, 证书, 备份, 日志, 锁, 索引, 缓存, 分区, 卷, 快照, 用户, 权限, 端口, 路由, "
    "会话, 线程, 连接池, 堆, 主题, 消费者, 分片, 节点, 主节点, 选举, 配额, 令牌, 定时任务, 任务, 挂载, inode, "
    "套接字, 工作进程"
)
_VERBS = _read("restart, clear, find, look_at, rotate, renew, repair, release, restore, shrink")


@cache
def _pattern() -> Skill:
    """One of ours, for all that does not matter here."""
    from adapters.skill_catalog_files import FileCatalog  # noqa: PLC0415 - read once, and only where skills are made

    return FileCatalog(ROOT / "skills", None).skills()[0]


def many_skills(count: int) -> tuple[Skill, ...]:
    """So many of them, each with five triggers in either language."""
    return tuple(_skill(number) for number in range(count))


def _skill(number: int) -> Skill:
    chance = random.Random(number)
    verb, thing, part = chance.choice(_VERBS), chance.choice(_THINGS), chance.choice(_PARTS)
    words = [f"{thing} {chance.choice(_PARTS)} {chance.choice(_TROUBLES)}" for _ in range(4)]
    chinese = [f"{thing} 的{chance.choice(_PARTS_ZH)}{chance.choice(_TROUBLES_ZH)}" for _ in range(5)]
    name = f"{verb}_{thing}_{part}_{number}"
    summary = f"Looks at the {part} of {thing}, says why it {chance.choice(_TROUBLES)}, and has it {verb}ed once."
    triggers = (f"{verb} the {part} of {thing}", *words, *chinese)
    return replace(_pattern(), name=name, summary=summary, triggers=triggers, sha256=name, state=SkillState.OWNED)


def many_requests(count: int) -> tuple[str, ...]:
    """As an alert or a tired person would say it: half Chinese, some long, some about nothing that is there."""
    chance = random.Random(4)
    return tuple(_request(chance) for _ in range(count))


def _request(chance: random.Random) -> str:
    thing, host = chance.choice(_THINGS), f"{chance.choice(_THINGS)}-{chance.randrange(40)}"
    kind = chance.randrange(5)
    if kind == 0:
        return f"{host} 上 {thing} {chance.choice(_PARTS_ZH)}{chance.choice(_TROUBLES_ZH)}，从凌晨 {chance.randrange(6)} 点开始，快看看"
    if kind == 1:
        return f"{chance.choice(_PARTS_ZH)}{chance.choice(_TROUBLES_ZH)}"
    if kind == 2:
        return "book a table for six at the italian place on friday, and tell everybody"
    error = f"ERROR [{thing}] {chance.choice(_PARTS)} {chance.choice(_TROUBLES)}: retry {chance.randrange(99)} of 100"
    return error if kind == 3 else f"[FIRING:1] {host} {error} " * 4
