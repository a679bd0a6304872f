"""中文：模型断了又好了、它们能花多少、问过它们什么。"""

from __future__ import annotations

WORDS = {
    "minds.none": "没有配置模型：由记忆、规则和人决定；怎样配置见 docs/minds.zh.md。",
    "minds.on": "模型：{brain}，{local}。答不上来的时候，由记忆、规则和人决定。",
    "minds.brain": "大脑 {model}",
    "minds.brain.none": "没有大脑",
    "minds.local": "小脑 {model}",
    "minds.local.none": "没有小脑",
    "status.gone.brain": "最近一次询问大脑没有得到回答；目前由记忆、规则和人决定。可以试试：nightshift doctor",
    "status.gone.cerebellum": "最近一次询问小脑没有得到回答；目前由记忆、规则和字面匹配决定。可以试试：nightshift doctor",
    "mind.brain": "大脑",
    "mind.cerebellum": "小脑",
    "mind.gone.brain": "大脑连不上（{why}）。恢复之前由规则、记忆和小脑判断；它们不懂的交给您。",
    "mind.gone.cerebellum": "小脑连不上（{why}）。恢复之前由规则、记忆和字面匹配判断。",
    "mind.back.brain": "大脑又连上了。",
    "mind.back.cerebellum": "小脑又连上了。",
    "budget.day": "大脑今天的额度用完了：{limit}。UTC 零点之前由规则、记忆和小脑判断。",
    "budget.incident": "大脑在这件事上的额度用完了：{limit}。接下来由规则、记忆和您判断。",
    "budget.avatar": "大脑这一轮的额度用完了：{limit}。这一轮接下来不再问它。",
    "digest.models": "大脑调用 {calls} 次，{tokens} 个词元{money}",
    "digest.money": "，{amount}",
    "why.models": "问过模型 {count} 次",
    "why.model": "  {at} {mind} {model}，{prompt}：{tokens_in} + {tokens_out} 个词元{money}，{seconds} 秒{error}",
    "why.model.error": " - {error}",
    "why.model.sent": "    它看到的（原文，该隐去的已隐去）：",
    "why.model.said": "    它说的：",
    "why.texts.tip": "它们各自看到什么、说了什么：为什么 {id} texts",
    "why.tampered": "  模型看到和说过的内容在 Nightshift 之外被改过，不显示：{error}",
}
