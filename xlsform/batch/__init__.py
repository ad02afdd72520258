"""Many files side by side: judged, compared with one another, in order, and none lost."""
