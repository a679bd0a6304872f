"""Skills that touch the nginx."""
