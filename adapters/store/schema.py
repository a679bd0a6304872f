"""Every table of ours, as SQLAlchemy Core; all begin with `ns_`, because the durable engine's own stand in the same database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

REVISION = "0004"
"""The newest migration; a database that already has it is opened without loading Alembic."""

METADATA = sa.MetaData()

_Seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER counts up by itself on SQLite
_Text, _Int = sa.Text(), sa.BigInteger()
_Time: sa.Double[float] = sa.Double()  # seconds since 1970


def _column(name: str, type_: sa.types.TypeEngine[Any], *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=null)


def _key(name: str, type_: sa.types.TypeEngine[Any] = _Text) -> sa.Column[Any]:
    return sa.Column(name, type_, primary_key=True, autoincrement=False)


# ---- the instance: singletons, sealed, never absent once the schema stands ----------------------------------------------------------

INSTANCE = sa.Table("ns_instance", METADATA, _key("name"), _column("body", _Text), _column("mark", _Text))

# `seq` is the row of the trail that was written with it: an older list, put back by hand, is told by that it is not the last one
STOP = sa.Table(
    "ns_stop",
    METADATA,
    _key("id", _Int),
    _column("body", _Text),
    _column("mark", _Text),
    sa.Column("seq", _Int, nullable=False, server_default="0"),
)

STANDING = sa.Table(
    "ns_standing", METADATA, _key("kind"), _column("body", _Text), _column("mark", _Text), _column("seq", _Int)
)

# ---- the story ----------------------------------------------------------------------------------------------------------------------

INCIDENT = sa.Table(
    "ns_incident",
    METADATA,
    _key("id"),
    sa.Column("open_key", _Text, unique=True),  # the dedupe key while it is open, NULL after
    _column("host", _Text),
    _column("state", _Text),
    _column("opened", _Time),
    _column("count", _Int),
    _column("round", _Int),
    _column("picked", _Text),
    _column("closed", _Time, null=True),
    _column("ending", _Text, null=True),
    _column("source_over", _Time, null=True),
    sa.Column("lead", _Text, nullable=False, server_default=""),
    sa.Column("storm", _Text, nullable=False, server_default=""),
    _column("alert", _Text),
    _column("mark", _Text),  # over the id and the alert: a task in it may carry a yes
    sa.Index("ns_incident_opened", "opened"),
    sa.Index("ns_incident_lead", "lead"),
)

ALERT = sa.Table(
    "ns_alert",
    METADATA,
    _key("key"),
    _column("incident", _Text),
    _column("received", _Time),
    _column("body", _Text),
    sa.Index("ns_alert_incident", "incident"),
    sa.Index("ns_alert_received", "received"),
)

ATTEMPT = sa.Table(
    "ns_attempt",
    METADATA,
    _key("id"),
    _column("incident", _Text),
    _column("round", _Int),
    _column("began", _Time),
    _column("next_measure", _Time, null=True),  # NULL once it has ended
    _column("body", _Text),
    sa.Index("ns_attempt_incident", "incident"),
    sa.Index("ns_attempt_next", "next_measure"),
)

REFUSAL = sa.Table("ns_refusal", METADATA, _key("incident"), _key("round", _Int), _column("body", _Text))

APPROVAL = sa.Table(
    "ns_approval",
    METADATA,
    _key("id"),
    _column("incident", _Text),
    _column("round", _Int),
    _column("asked", _Text),  # digest of the question without its expiry
    _column("verdict", _Text),
    _column("opened", _Time),
    _column("remind_at", _Time, null=True),  # NULL once reminded
    _column("expires", _Time),
    _column("decided", _Time, null=True),
    _column("starts_by", _Time, null=True),
    _column("body", _Text),
    _column("mark", _Text),
    sa.UniqueConstraint("incident", "round", "asked"),
    sa.Index("ns_approval_verdict", "verdict", "expires"),
)

REPORT = sa.Table(
    "ns_report",
    METADATA,
    _key("incident"),
    _column("closed", _Time),
    _column("audit_count", _Int),
    _column("audit_head", _Text),
    _column("body", _Text),
    _column("mark", _Text),
    sa.Index("ns_report_closed", "closed"),
)

# ---- the durable flow ---------------------------------------------------------------------------------------------------------------

LEG = sa.Table(
    "ns_leg",
    METADATA,
    _key("id"),
    _column("leg", _Text),
    _column("subject", _Text),
    _column("round", _Int),
    _column("due", _Time),
    _column("state", _Text),  # new | done | lost
    _column("tries", _Int),
    _column("note", _Text),
    sa.Index("ns_leg_state", "state", "due"),
)

ONCE = sa.Table(
    "ns_once", METADATA, _key("key"), _column("state", _Text), _column("result", _Text), _column("at", _Time)
)

LEASE = sa.Table(
    "ns_lease", METADATA, _key("resource"), _column("owner", _Text), _column("fence", _Int), _column("expires", _Time)
)

EXECUTOR = sa.Table("ns_executor", METADATA, _key("id"), _column("beat", _Time), _column("is_dead", sa.Boolean()))

TAKEOVER = sa.Table("ns_takeover", METADATA, _key("leg"), _column("count", _Int))

# ---- effects and the trail ------------------------------------------------------------------------------------------------------------

EFFECT = sa.Table(
    "ns_effect",
    METADATA,
    _key("action", _Int),  # the number of its intent in the audit trail
    _column("run", _Text),
    _column("host", _Text),
    _column("effect", _Text),
    _column("detail", _Text),
    _column("at", _Time),
    _column("pid", _Int),
    _column("start", _Int),
    _column("ok", sa.Boolean(), null=True),
    _column("result", _Text),
    _column("undo", _Text),
    _column("undone_by", _Int),
    _column("mark", _Text),
    sa.Index("ns_effect_run", "run"),
    sa.Index("ns_effect_open", "action", sqlite_where=sa.text("ok IS NULL"), postgresql_where=sa.text("ok IS NULL")),
)

AUDIT = sa.Table(
    "ns_audit",
    METADATA,
    _key("seq", _Int),
    _column("at", _Text),
    _column("kind", _Text),
    _column("subject", _Text),
    _column("body", _Text),
    _column("mark", _Text),
    sa.Index("ns_audit_subject", "subject", "seq"),
    sa.Index("ns_audit_kind", "kind", "seq"),
)

ANCHOR = sa.Table(
    "ns_anchor", METADATA, _key("seq", _Int), _column("head", _Text), _column("why", _Text), _column("mark", _Text)
)

BLOB = sa.Table("ns_blob", METADATA, _key("sha256"), _column("data", sa.LargeBinary()))

# ---- memory, people, the watch --------------------------------------------------------------------------------------------------------

EPISODE = sa.Table(
    "ns_episode",
    METADATA,
    _key("id"),
    _column("fingerprint", _Text),
    _column("host_group", _Text),
    _column("skill", _Text),
    _column("sha256", _Text),
    _column("ending", _Text),
    _column("at", _Time),
    _column("text", _Text),
    _column("body", _Text),
    _column("mark", _Text),
    sa.Index("ns_episode_fault", "fingerprint", "host_group", "at"),
    sa.Index("ns_episode_skill", "host_group", "skill", "sha256", "at"),
    sa.Index("ns_episode_at", "at"),
)

OUTBOX = sa.Table(
    "ns_outbox",
    METADATA,
    sa.Column("id", _Seq, primary_key=True, autoincrement=True),
    _column("channel", _Text),
    _column("key", _Text),
    _column("thread", _Text),
    _column("is_sent", sa.Boolean()),
    _column("due", _Time),
    _column("tries", _Int),
    _column("body", _Text),
    sa.Column("posted", _Time, nullable=False, server_default="0"),
    sa.UniqueConstraint("channel", "key"),
    sa.Index("ns_outbox_next", "channel", "is_sent", "id"),
)

INBOX = sa.Table(
    "ns_inbox",
    METADATA,
    sa.Column("seq", _Seq, primary_key=True, autoincrement=True),
    _column("channel", _Text),
    _column("id", _Text),
    _column("is_done", sa.Boolean()),
    _column("reply", _Text),
    _column("body", _Text),
    _column("mark", _Text),
    sa.UniqueConstraint("channel", "id"),
    sa.Index("ns_inbox_next", "is_done", "seq"),
)

TICK = sa.Table(
    "ns_tick", METADATA, _key("job"), _key("slot", _Int), _column("at", _Time), sa.Index("ns_tick_at", "at")
)

DETECTOR = sa.Table("ns_detector", METADATA, _key("key"), _column("body", _Text))

# ---- people: what surrounds a trouble, who is woken -----------------------------------------------------------------------------------

NOTE = sa.Table(
    "ns_note",
    METADATA,
    _key("skill"),
    _key("host"),
    _key("key"),
    _column("at", _Time),
    _column("body", _Text),
    _column("mark", _Text),
)

MARK = sa.Table(
    "ns_mark",
    METADATA,
    _key("id"),
    _column("host", _Text),
    _column("at", _Time),
    _column("body", _Text),
    sa.Index("ns_mark_at", "at"),
)

SCENE = sa.Table("ns_scene", METADATA, _key("incident"), _column("body", _Text))

PAGE = sa.Table(
    "ns_page",
    METADATA,
    _key("id"),
    _column("incident", _Text),
    _column("due", _Time),
    _column("acknowledged", _Time, null=True),
    _column("body", _Text),
    _column("mark", _Text),
    sa.Index("ns_page_incident", "incident"),
    sa.Index("ns_page_due", "due"),
)

STORM = sa.Table(
    "ns_storm",
    METADATA,
    _key("id"),
    _column("began", _Time),
    _column("ended", _Time, null=True),
    _column("body", _Text),
    sa.Index("ns_storm_began", "began"),
)

# ---- models -------------------------------------------------------------------------------------------------------------------------

MODEL_CALL = sa.Table(
    "ns_model_call",
    METADATA,
    _key("id"),
    _column("mind", _Text),
    _column("subject", _Text),
    _column("avatar", _Text),
    _column("at", _Time),
    _column("tokens", _Int),
    _column("cost", _Int),
    _column("body", _Text),
    _column("mark", _Text),
    sa.Index("ns_model_call_subject", "subject", "at"),
    sa.Index("ns_model_call_avatar", "avatar", "at"),
    sa.Index("ns_model_call_at", "mind", "at"),
)
