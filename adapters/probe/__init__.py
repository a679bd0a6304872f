"""Measuring: what a host says of itself and what answers over the network. Looks only, and within ten seconds."""
