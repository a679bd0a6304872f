"""Skills that make documents of what they collected."""
