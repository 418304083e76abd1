"""Pictures in files, folders and archives, decoded."""
