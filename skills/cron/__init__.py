"""Skills that touch the cron."""
