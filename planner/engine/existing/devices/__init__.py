"""What readers of devices with objects, groups and policies have in common, and the vocabulary of each. Pure."""
