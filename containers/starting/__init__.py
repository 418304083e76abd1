"""Ready containers: from settings, from a checkpoint, to resume, in workers."""
