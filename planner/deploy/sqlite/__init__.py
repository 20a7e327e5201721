"""The database engine of a service on one machine: Django's for SQLite, with care for the file.

`library.py` says which SQLite is used, `base.py` how the file is opened.
"""
