"""Prediction: from raw input and a trained composite to typed answers."""
