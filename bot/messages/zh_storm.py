"""中文：告警风暴，以及同一故障的多条告警。"""

from __future__ import annotations

WORDS: dict[str, str] = {
    "storm.head": "告警风暴：新故障 {total} 起，未结 {open} 起",
    "storm.head.over": "风暴已过：共 {total} 起，仍有 {open} 起未结",
    "storm.id": "{id} · {since} 起 · {voice}",
    "storm.measured": "本机实测",
    "storm.claimed": "外部告警",
    "storm.hosts": "主机：{list}",
    "storm.signals": "信号：{list}",
    "storm.more": "{list}，另有 {count} 类",
    "storm.alarms": "另有 {count} 条告警属于其中的故障",
    "storm.waiting": "{skill} 可用于 {count} 台主机",
    "storm.waiting.more": "其他修复涉及 {count} 台主机",
    "storm.two": "{count} 项需要两人同意，请逐项批准",
    "storm.choices": "{count} 项等待选择，请逐项选择",
    "storm.acting": "{count} 项修复进行中",
    "storm.untouched": "{count} 起尚未排查；每次 {at_once} 起，先查最深的原因",
    "storm.endings": "已结束：{list}",
    "storm.alone": "风暴期间不会自动执行任何操作，全部由这张卡片代为请示。",
    "storm.after": "仍未结的将逐一请示。",
    "storm.answer": "同意 {id} · 拒绝 {id} · 接手 {id} · 停",
    "storm.reply.over": "{id} 已结束，仍未结的会逐一请示。查看：审批",
    "storm.reply.approved": "{id}：已批准 {count} 项修复，每项执行前会再次核对。",
    "storm.reply.rejected": "{id}：已拒绝 {count} 项修复。",
    "storm.reply.left": "{count} 项未变：已被叫停、已由他人决定，或不在您的权限内。",
    "storm.reply.two": "以下需要两人逐项同意：{ids}",
    "storm.reply.taken": "{id}：{by} 已接手全部 {count} 起。我不再处理，继续观察，恢复正常时告知。",
    "card.members.named": "另有 {count} 条告警：{list}",
}
