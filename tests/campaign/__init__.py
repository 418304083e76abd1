"""Campaigns of seeded mutations, each run by one command with a seed."""
