"""Every sentence about standing orders, wrong fixes and admitting skills, in Chinese."""

from __future__ import annotations

WORDS = {
    # on cards
    "card.by.order": "按常令 {order} 执行，未询问任何人：{line}",
    "report.decided.policy": "{tier}提出；未询问任何人，规则允许。",
    "report.decided.order": "{tier}提出；未询问任何人，{of}按常令 {order} 自行处理。",
    "report.order.of": "依 {by} 的授权，",
    "report.offer": "下次别叫醒我：常令 新建 {id}",
    "report.wrong": "修错了吗？说：修错了 {id}",
    # orders
    "order.none": "没有常令。同一修复成功三次后，卡片上会给出这个选项。",
    "order.nobounds": "无参数",
    "order.line.on": "{id} {skill}，用于 {group} 的“{trouble}”；{bounds}；{by}，有效至 {until}；今夜 {used}/{most} 次",
    "order.line.proposed": "{id} {skill}，用于 {group} 的“{trouble}”；{bounds}；{by}，有效至 {until}；待确认：常令 确认 {id}",
    "order.line.over": "{id} 已于 {at} 失效：{why}",
    "order.proposed.other": "还需另一位审批人确认才生效：常令 确认 {id}（{others}）",
    "order.proposed.type": "没有其他审批人。请在本机终端输入名称确认：常令 确认 {id} {name}",
    "order.confirm.other": "{id} 是您自己提的，要由别人确认：{others}",
    "order.confirm.machine": "{id} 是您自己提的，又没有其他审批人，只能在本机终端确认。",
    "order.confirm.type": "未确认。请输入名称：常令 确认 {id} {name}",
    "order.note.on": "新的常令，以后这件事不再叫醒您：",
    "order.note.proposed": "{by} 希望以后不为这件事被叫醒。另一位审批人请回复：常令 确认 {id}",
    "order.note.over": "常令 {id} 已失效：{why}。以后我会重新询问。",
    "order.no.notfixed": "{fact} 并非以“已修复”结束；只有验证过的修复才能成为常令。",
    "order.no.claim": "常令只用于我自己测到的故障；这一件是别人报告或要求的。",
    "order.no.early": "还太早：自上次失败、撤销或改动以来，这里只验证成功 {fact}/3 次。",
    "order.no.risk": "常令只用于中等风险；这一件是{fact}。",
    "order.no.notowned": "{fact} 在那里尚未转正；试用中的技能每次都要询问。",
    "order.no.changed": "{fact} 已被改动，之前成功的是另一个版本。",
    "order.no.observe": "{fact} 只观察，常令不能在那里执行。",
    "order.no.varies": "每次的 {fact} 都不一样，这样的常令永远用不上；我还是每次问您。",
    "order.no.wider": "这比 {fact} 本身的范围还大。",
    "order.no.covered": "{fact} 已经涵盖。",
    "order.no.over": "该常令已失效：{fact}。下次成功后可以再建。",
    "order.no.unused": "{fact} 30 天内没有用过；用不着的不续期。",
    # what they end of
    "order.end.time": "30 天期限已到",
    "order.end.clock": "系统时钟被往回调",
    "order.end.skill": "技能已被改动",
    "order.end.wider": "超出了技能本身的范围",
    "order.end.file": "文件又变了",
    "order.end.revoked": "被 {fact} 撤回",
    "order.end.wrong": "{fact} 说修错了",
    "order.end.failed": "修复结果为“{fact}”",
    "order.end.role": "{fact} 在那里已无审批权",
    # wrong fix
    "wrong.none": "{id} 并非以“已修复”结束，谈不上修错。",
    "wrong.noted": "已记下：{id} 修错了。{skills} 对此不再受信任，以后我会询问。",
    "wrong.ended": "常令 {id} 已失效。",
    "wrong.undo": "可撤销：撤销 {n}（{what}）",
    "wrong.noundo": "其中没有能撤销的操作。",
    "wrong.why": "错在哪里？修错了 {id} 因为……",
    # skills that changed
    "admit.card": (
        "[{id}] {skill} 被改动过，不会运行。\n内容 {hash}，发现于 {at}\n它能够：{grants}\n"
        "范围：{groups}\n不必回答：在此之前不会使用它。\n审批人可准许它重新试用：准入 {id}"
    ),
    "admit.card.over": "[{id}] {skill} {hash}：{why}。",
    "admit.done": "{skill} 已获准在 {groups} 试用：{by} 于 {at} 准入。每次运行都会询问。",
    "admit.over": "{id} 已失效：{why}。",
    "head.undone": "{host}：{trouble}，已撤销",
    "ending.undone": "已撤销",
}
