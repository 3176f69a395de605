"""The files: which ones a principal sees, and how one is deleted. No other module queries the table of files."""
