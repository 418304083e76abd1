"""The family multi-feature: feature extractors by name, a combiner and a classifier head."""
