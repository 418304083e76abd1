"""Files for a beginning, and the command that writes them."""
