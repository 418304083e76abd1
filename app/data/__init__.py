"""Data: files in, batches out."""
