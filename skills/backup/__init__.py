"""Skills that look at backups."""
