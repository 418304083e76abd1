"""Tables in CSV and Parquet files, and what their columns hold."""
