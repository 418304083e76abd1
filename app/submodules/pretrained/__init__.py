"""Pretrained parts: their architecture by a library, their weights from files."""
