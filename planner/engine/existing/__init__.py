"""Rules that are there already: what a firewall's configuration admits, and what of it a plan asks for. Pure.

`readers/` has a module for each format, which turns text into a `Ruleset` (`model.py`). What comes after knows no
format.
"""
