"""The newcomer's minute, and the sample returns."""
