"""Many trainings that look for the best settings: what is tried next, by whom, and what it came to."""
