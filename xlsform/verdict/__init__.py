"""What became of one file that came in."""
