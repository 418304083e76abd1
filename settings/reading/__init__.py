"""From files, variables and options to checked settings."""
