"""What `push` and `pull` are made of: the file and its git, the stored plan here or elsewhere, and both merged."""
