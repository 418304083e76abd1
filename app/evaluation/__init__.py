"""Evaluation: how good a trained composite is, as a whole and part by part."""
