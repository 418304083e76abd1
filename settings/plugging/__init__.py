"""What installed packages add."""
