"""Firewall configurations from a report, through Aerleon. docs/firewalls.md says what is made and what is left out."""
