"""Skills that touch the process."""
