"""What a sweep searches: written in words, checked against the settings, drawn by Optuna."""
