"""Where sequences come from: digits, Python sources, a file."""
