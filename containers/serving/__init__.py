"""From containers and checkpoints to what answers over HTTP."""
