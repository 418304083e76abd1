"""Where each family's data come from."""
