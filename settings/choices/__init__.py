"""What can be chosen for each slot."""
