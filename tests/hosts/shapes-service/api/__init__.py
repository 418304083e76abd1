"""A small web service: names shapes that are measured, and marks what each character of a text is."""
