"""The commands, one module each, or one for some that belong together: parse, call, write."""
