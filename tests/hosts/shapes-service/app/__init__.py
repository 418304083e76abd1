"""What the service does: it names shapes that are measured, and marks the characters of texts."""
