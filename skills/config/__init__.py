"""Skills that touch the config."""
