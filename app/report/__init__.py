"""A report of a training: one HTML file for people, which needs no network."""
