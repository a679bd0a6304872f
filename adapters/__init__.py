"""Vendors, protocols and file formats behind the ports of core; no adapter knows another."""
