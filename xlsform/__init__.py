"""Locked Excel workbooks for the Chinese project self-evaluation form, and a validator for those that come back."""

__version__ = "0.1.0"
