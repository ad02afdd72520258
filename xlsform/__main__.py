"""Run the command line: ``python -m xlsform``."""

from __future__ import annotations

from xlsform.cli import main

if __name__ == "__main__":
    main()
