"""Files written whole or not at all, files that are named and opened safely, and what waits in a temporary file."""
