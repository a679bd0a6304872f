# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 10
# settles = 0
# on_request = true
# capabilities = ["notify:{group}"]
# triggers = [
#   "tell a group", "announce to the team", "send a message to the on-call people", "notify everybody",
#   "inform the team about maintenance", "post a message to the group", "let the team know", "broadcast",
#   "message the admins", "通知一个组", "告诉团队", "通知值班人员", "跟值班的人说一声", "群发消息", "发消息给团队",
#   "通知大家", "告诉大家要维护", "发个公告", "给大家发通知", "通知运维组", "post in the channel that it is fixed",
#   "ping the channel", "在群里说一声", "到群里通知",
# ]
# ///
"""Tells the people of a group, or those on call, one message; the bot says from whom it is."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, group: str, text: str) -> Outcome:
    words = text.strip()
    if not words:
        return Outcome(ok=False, summary="there is nothing to tell")
    host.notify(words, to=group)
    return Outcome(ok=True, summary=f"{group} was told: {words[:200]}", facts={"characters": len(words)})


CASES = [
    {
        "name": "a group is told, word for word",
        "params": {"group": "web", "text": " the shop is read-only until six "},
        "expect": {
            "ok": True,
            "effects": ["notify web"],
            "told": ["web: the shop is read-only until six"],
            "facts": {"characters": 31},
        },
    },
    {
        "name": "whoever is on call",
        "params": {"group": "oncall", "text": "look at the disk"},
        "expect": {"ok": True, "effects": ["notify oncall"], "told": ["look at the disk"]},
    },
    {
        "name": "nobody is told nothing",
        "params": {"group": "web", "text": " \t"},
        "expect": {"ok": False, "effects": [], "told": []},
    },
]
