"""English: models that are gone and back, what they may use, and what they were asked."""

from __future__ import annotations

WORDS = {
    "minds.none": "No model is configured: memory, rules and people decide; docs/minds.md says how to set one.",
    "minds.on": "Minds: {brain}; {local}. Where they do not answer, memory, rules and people decide.",
    "minds.brain": "brain {model}",
    "minds.brain.none": "no brain",
    "minds.local": "local model {model}",
    "minds.local.none": "no local model",
    "status.gone.brain": "The brain did not answer when last asked; memory, rules and people decide. Try it: nightshift doctor",
    "status.gone.cerebellum": "The local model did not answer when last asked; memory, rules and words decide. Try it: nightshift doctor",
    "mind.brain": "the brain",
    "mind.cerebellum": "the local model",
    "mind.gone.brain": "The brain cannot be reached ({why}). Until it is back rules, memory and the local model decide; "
    "what they do not know is handed to you.",
    "mind.gone.cerebellum": "The local model cannot be reached ({why}). Until it is back rules, memory and words decide.",
    "mind.back.brain": "The brain is back.",
    "mind.back.cerebellum": "The local model is back.",
    "budget.day": "The brain has used what it may use today: {limit}. Until midnight UTC rules, memory and the local model decide.",
    "budget.incident": "The brain has used what it may use for this: {limit}. From here on rules, memory and you decide.",
    "budget.avatar": "The brain has used what it may use in one round: {limit}. This round goes on without it.",
    "digest.models": "{calls} calls of the brain, {tokens} tokens{money}",
    "digest.money": ", {amount}",
    "why.models": "Models asked: {count}",
    "why.model": "  {at} {mind} {model}, {prompt}: {tokens_in} + {tokens_out} tokens{money}, {seconds} s{error}",
    "why.model.error": " - {error}",
    "why.model.sent": "    It saw (exactly, with what was hidden):",
    "why.model.said": "    It said:",
    "why.texts.tip": "What each of them saw and said: why {id} texts",
    "why.tampered": "  What models saw and said was changed outside Nightshift and is not shown: {error}",
}
