"""Submodules to choose from: encoders, extractors, combiners, heads."""
