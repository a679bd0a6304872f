"""Real runs of ./nightshift in clones of their own, with a PATH of their own."""
