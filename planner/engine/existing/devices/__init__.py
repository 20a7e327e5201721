"""The vocabulary of devices with objects, groups and policies, each in modules of its own. Pure."""
