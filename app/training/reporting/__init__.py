"""What a training shows and writes down while it runs."""
