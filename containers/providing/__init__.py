"""Kinds of providers: declared with a Protocol, named items, choices of settings."""
