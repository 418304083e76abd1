"""Data that ships with the project; README.md beside it states source and licence."""
