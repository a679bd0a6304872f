"""Chinese: pages, the drill, the heartbeat, who is on call."""

from __future__ import annotations

WORDS = {
    "waking.failed": "呼叫 {person} 失败：{why}",
    "waking.drill": "演练，没有出事，请回复：收到 {id}",
    "waking.drill.silent": "演练：{person} 已有 {minutes} 分钟没有回应 {id}。真出事时能叫醒他吗？",
    "waking.heartbeat": "心跳地址没有接收我的心跳：{why}。如果这台机器现在宕机，不会有人知道。",
    "clock.back": "这台机器的时钟被拨回了{by}：之前的同意和常令作废；暂停按新的时间结束。",
    "clock.ahead": "这台机器的时钟向前跳了{by}（或者它休眠过）：问题、暂停和常令可能提前到期了。",
    "waking.reason.severe": "情况严重",
    "waking.reason.unanswered": "没有人回答",
    "waking.reason.handed over": "我放手时一直没有人回答",
    "waking.reason.worse": "修复之后更糟了",
    "waking.reason.relapse": "反复发作",
    "waking.reason.blind": "我看不见了",
    "waking.reason.cut off": "所有渠道都断了",
    "waking.reason.drill": "演练",
    "why.page": "呼叫 {person}，{at}，因为{reason}：{how}",
    "why.page.waiting": "还没有发出",
    "why.page.sent": "{detail}",
    "why.page.failed": "试了 {tries} 次都失败：{detail}",
    "why.page.answered": "{how}；{by} 于 {at} 回应",
    "reason.cut off from every channel: only standing orders act": "所有渠道都断了：只按常令行事",
    "reason.it was stopped": "被人叫停",
    "reason.* finds nothing to do": "* 没有可做的事",
    "reason.its yes did not hold any more": "之前的同意已失效",
    "up.wakes": "能叫醒：{people}；现在值班：{person}。",
    "up.unreachable": "{people} 在值班顺序里，却没有设置呼叫方式，叫不醒。",
}
