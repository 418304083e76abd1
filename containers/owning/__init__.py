"""Families of one's own: from a wiring function to settings and a container."""
