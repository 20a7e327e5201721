"""What is there already, read from each format: a module for each, with `read(text) -> Ruleset`.

`read` takes the whole text of a configuration (at most `planner.plan.limits.EXISTING` bytes as UTF-8) and raises
`Unreadable` for one that is none of its format. A construct of an entry that it does not understand is named, never
taken for open.
"""
