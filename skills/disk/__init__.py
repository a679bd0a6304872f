"""Skills that touch the disk."""
