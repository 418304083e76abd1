"""A family built and tried without training: faults of wiring, and the graph of the model."""
