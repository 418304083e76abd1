"""What rows are to be predicted: columns of the file, and what a model must know of them."""
