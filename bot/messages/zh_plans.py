"""Chinese: what models propose and ask, plans of several steps, skills that are missing."""

from __future__ import annotations

WORDS = {
    "tier.cerebellum": "路由与小脑",
    "tier.brain": "大脑",
    # questions
    "head.question": "{host}：{trouble}，有个问题",
    "head.answered": "{host}：{trouble}，已回答",
    "card.question": "大脑想问：{text}",
    "card.option": "{n}. {option}",
    "card.options.more": "- 另有 {count} 项：为什么 {id}",
    "card.question.why": "它的话不作数；您的回答也不是批准，动手之前我还会再问。",
    "card.type.question": "回答 {id} 内容 | 拒绝 {id} 原因 | 接手 {id} | 停",
    "card.type.options": "回答 {id} 内容 | 选 {id} N | 拒绝 {id} 原因 | 接手 {id} | 停",
    "card.keys.question": "n 拒绝  t 接手  s 停",
    "card.keys.options": "1-{count} 选择  n 拒绝  t 接手  s 停",
    "card.answer": "回答：{why}",
    "card.next.answered": "我据此再想一想，动手之前会再问。",
    "verdict.answered": "已回答",
    "reply.answered": "已记为对 {id} 的回答：{words}。我据此再想一想，动手之前会再问。",
    "reply.isquestion": "{id} 是个问题。请说：回答 {id} 内容",
    "reply.notquestion": "{id} 不是问题。请说：同意 {id}，或 拒绝 {id}",
    "reply.nowords": "回答要有内容。请说：回答 {id} 内容",
    "help.answer": "用自己的话回答一个问题",
    "ask.answer": "回答一个问题",
    "plan.question": "{id} 是个问题；有了您的回答才有计划。",
    "reason.asked two questions already and still does not know": "已经问过两次，仍然弄不清楚",
    # what a model chose
    "card.chosen": "由{tier}选出：{words}",
    "card.chosen.bare": "由{tier}选出。",
    "card.fromwords": "{name}={value}（来自原话，请确认）",
    "card.frommodel": "{name}={value}（来自模型，请确认）",
    "card.check": "预计之后：{signal} 恢复正常。",
    # plans
    "card.step": "第 {n} 步，共 {all} 步；风险和撤销只指这一步，后面每一步都会再问。",
    "card.step.last": "第 {n} 步，共 {all} 步，最后一步。",
    "card.step.then": "接下来：{list}",
    "ending.step done": "这一步已完成",
    "head.step done": "{host}：{trouble}，这一步已完成",
    "reason.* was enough; the rest of the plan is dropped": "* 已经够了，计划的其余步骤不再执行",
    "reason.five steps were done and it is not over": "已做完五步，仍未结束",
    # why
    "why.round.question": "第 {round} 轮：提问 {text}",
    "why.option": "  选项 {n}：{option}",
    "why.words": "  它的话：{words}",
    "why.step": "  第 {n} 步，共 {all} 步",
    "why.then": "  接下来：{skill}：{why}",
    "why.answer": "  回答：{words}",
    "why.check": "  这一步以 {signal} 检验：{values}",
    # what is missing
    "report.gap": "还缺少：{wanted}",
    "gap.line": "{id} {at} {by}：{wanted}",
    "digest.gaps": "因为缺少技能而没能做的：{list}。",
}
