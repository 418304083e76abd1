"""Overrides of providers: found by path, checked, recorded and undone."""
