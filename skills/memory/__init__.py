"""Skills that look at memory."""
