"""Skills that touch the network."""
