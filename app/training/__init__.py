"""Training: optimisers, schedules, callbacks, checkpoints, the run itself."""
