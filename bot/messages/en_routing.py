"""English: what the tiers would choose for words."""

WORDS = {
    "route.memory": "Memory: knows whole alerts by their fingerprint, not words; it is asked first when something breaks.",
    "route.found": "Found in the words: {values}",
    "route.found.none": "Found in the words: no host, service, path, port or other value",
    "route.looks": "looks",
    "route.acts": "acts, asks first",
    "route.clear": "Router: clear. The first stands at {clear} or above and leads by {margin} (wanted: {lead}).",
    "route.choices": "Router: not clear, so these would be choices: it leads by {margin}. Clear is from {clear} on, with a lead of {lead}.",
    "route.nothing": "Router: no skill serves this; none reaches {floor}.",
    "route.meaning.on": "By meaning: compared too.",
    "route.meaning.off": "By meaning: not compared; semantic = true in [router] of nightshift.toml turns it on.",
    "route.meaning.missing": "By meaning: set, but not installed; pip install 'nightshift[semantic]'",
    "route.meaning.learning": "By meaning: not yet, letters alone decide ({why}).",
    "route.missing": "Not ready to run: {why}",
    "route.cerebellum.off": "Cerebellum: not configured; CEREBELLUM_MODEL in .env.",
    "route.cerebellum.unasked": "Cerebellum: not asked, there is nothing to choose from.",
    "route.cerebellum.silent": "Cerebellum: did not answer in time, or is left alone after failures.",
    "route.cerebellum.voted": "Cerebellum: {said}",
    "route.cerebellum.unsure": "Cerebellum: not sure enough ({said})",
    "route.brain.off": "Brain: not configured; BRAIN_MODEL in .env.",
    "route.brain.on": "Brain: not asked here. It is asked when all of the above settle nothing.",
}
