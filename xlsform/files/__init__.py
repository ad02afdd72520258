"""Files written whole or not at all, and what waits in a temporary file."""
