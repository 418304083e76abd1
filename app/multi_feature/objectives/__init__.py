"""What a composite of the family learns to say of a row: losses, answers and scores."""
