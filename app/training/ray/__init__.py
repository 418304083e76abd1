"""Training by the workers of a Ray cluster."""
