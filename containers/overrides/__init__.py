"""Something else in a provider's place: found by its path, checked, recorded and put back."""
