"""Skills that look after Redis."""
