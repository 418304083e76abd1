"""Exported models, which are opened and run without torch."""
