"""The networks of Screener's authors, rebuilt from the names and shapes in their files (import_official.py)."""
