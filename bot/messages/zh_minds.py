"""中文：模型断了又好了、它们能花多少、问过它们什么。"""

from __future__ import annotations

WORDS = {
    "mind.brain": "大模型",
    "mind.cerebellum": "本地模型",
    "mind.gone.brain": "大模型连不上（{why}）。恢复之前由规则、记忆和本地模型判断；它们不懂的交给你。",
    "mind.gone.cerebellum": "本地模型连不上（{why}）。恢复之前由规则、记忆和字面匹配判断。",
    "mind.back.brain": "大模型又连上了。",
    "mind.back.cerebellum": "本地模型又连上了。",
    "budget.day": "大模型今天的额度用完了：{limit}。UTC 零点之前由规则、记忆和本地模型判断。",
    "budget.incident": "大模型在这件事上的额度用完了：{limit}。接下来由规则、记忆和你判断。",
    "budget.avatar": "大模型这一轮的额度用完了：{limit}。这一轮接下来不再问它。",
    "digest.models": "大模型调用 {calls} 次，{tokens} tokens{money}",
    "digest.money": "，{amount}",
    "why.models": "问过模型 {count} 次",
    "why.model": "  {at} {mind} {model}，{prompt}：{tokens_in} + {tokens_out} tokens{money}，{seconds} 秒{error}",
    "why.model.error": " - {error}",
    "why.model.sent": "    它看到的（原文，该隐去的已隐去）：",
    "why.model.said": "    它说的：",
    "why.texts.tip": "它们各自看到什么、说了什么：为什么 {id} texts",
    "why.tampered": "  模型看到和说过的内容在 Nightshift 之外被改过，不显示：{error}",
}
