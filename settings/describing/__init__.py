"""Settings described: completion, reference, and the walk over all fields."""
