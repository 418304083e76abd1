"""What is predicted for rows: columns of the file, and what a model must know of them."""
