"""English: what models propose and ask, plans of several steps, skills that are missing."""

from __future__ import annotations

WORDS = {
    "tier.cerebellum": "router and local model",
    "tier.brain": "the brain",
    # questions
    "head.question": "{host}: {trouble} - a question",
    "head.answered": "{host}: {trouble} - answered",
    "card.question": "The brain asks: {text}",
    "card.option": "{n}. {option}",
    "card.options.more": "- and {count} more: why {id}",
    "card.question.why": "Its words decide nothing; your answer permits nothing, I ask again before I act.",
    "card.type.question": "answer {id} WORDS | reject {id} WHY | take {id} | stop",
    "card.type.options": "answer {id} WORDS | pick {id} N | reject {id} WHY | take {id} | stop",
    "card.keys.question": "n no  t take  s stop",
    "card.keys.options": "1-{count} pick  n no  t take  s stop",
    "card.answer": "Answer: {why}",
    "card.next.answered": "I think it over with this, and ask before I act.",
    "verdict.answered": "answered",
    "reply.answered": "Taken as the answer to {id}: {words}. I think it over with it, and ask before I act.",
    "reply.isquestion": "{id} is a question. Say: answer {id} WORDS",
    "reply.notquestion": "{id} is no question. Say: approve {id}, or reject {id}",
    "reply.nowords": "An answer needs words. Say: answer {id} WORDS",
    "help.answer": "answer a question in your own words",
    "ask.answer": "answer a question",
    "plan.question": "{id} is a question; a plan is made from your answer.",
    "reason.asked two questions already and still does not know": "asked two questions already and still does not know",
    # what a model chose
    "card.chosen": "Chosen by {tier}: {words}",
    "card.chosen.bare": "Chosen by {tier}.",
    "card.fromwords": "{name}={value} (from the words, confirm)",
    "card.frommodel": "{name}={value} (from the model, confirm)",
    "card.check": "I expect after: {signal} quiet.",
    # plans
    "card.step": "Step {n} of {all}; risk and undo are this step's alone. Each further one is asked for.",
    "card.step.last": "Step {n} of {all}, the last one.",
    "card.step.then": "Then: {list}",
    "ending.step done": "step done",
    "head.step done": "{host}: {trouble} - step done",
    "reason.* was enough; the rest of the plan is dropped": "* was enough; the rest of the plan is dropped",
    "reason.five steps were done and it is not over": "five steps were done and it is not over",
    # why
    "why.round.question": "Round {round}: asked {text}",
    "why.option": "  option {n}: {option}",
    "why.words": "  its words: {words}",
    "why.step": "  step {n} of {all}",
    "why.then": "  then: {skill}: {why}",
    "why.answer": "  answer: {words}",
    "why.check": "  as a step it was checked by {signal}: {values}",
    # what is missing
    "report.gap": "What is missing: {wanted}",
    "gap.line": "{id} {at} {by}: {wanted}",
    "digest.gaps": "What I could not do, for want of a skill: {list}.",
}
