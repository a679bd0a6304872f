"""Skills that touch the security."""
