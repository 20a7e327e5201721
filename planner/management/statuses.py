"""The exit status of commands that answer a question, beside 0, 1 for what can't be read and 2 for wrong usage."""

TOLD = 3
"""The answer is one that whoever asked has to look at; which ones are, each command says at its head."""
