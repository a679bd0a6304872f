"""Servers that speak the protocols of models and say what a test wrote for them."""
