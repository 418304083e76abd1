"""From run folders and containers to reports."""
