"""Parts that were trained elsewhere: their architecture by a library, their weights from files."""
