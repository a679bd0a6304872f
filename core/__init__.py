"""What Nightshift knows and decides: nouns, rules, ports and stories, on the standard library alone."""
