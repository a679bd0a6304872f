"""Skills that touch the certificates."""
