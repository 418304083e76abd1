"""Checkpoints: what is in the file besides the weights, and how it is opened."""
