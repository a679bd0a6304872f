"""Skills that look after PostgreSQL."""
