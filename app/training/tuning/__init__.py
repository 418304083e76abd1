"""Search for a learning rate and a batch size, by Lightning's own finders."""
