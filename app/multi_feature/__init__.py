"""The family multi-feature: feature extractors by name, a combiner, a head and what it learns."""
