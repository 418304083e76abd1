"""What a family of one's own has besides its modules: data facts, an evaluator, a predictor, a desk."""
