"""Answers over HTTP: requests in, batches through a model, answers and problems out."""
