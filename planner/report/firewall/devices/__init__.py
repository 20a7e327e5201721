"""Targets that are written by hand, from the items that a device is told one after another."""
