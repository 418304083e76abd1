"""Generation: from a decoder's probabilities to whole captions."""
