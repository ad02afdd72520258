"""Project lists as people hand them in: read from workbooks, CSV and JSON, and an empty one to be filled in."""
