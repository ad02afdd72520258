#!/bin/sh
# Install what the tests need into .venv-test (LibreOffice and Chromium by apt-get where it can), and run all checks and
# all tests; further words are given to pytest: `sh scripts/test.sh tests/rules`, `sh scripts/test.sh -m office`.
set -eu
. "$(dirname "$0")/environment.sh"
environment .venv-test
.venv-test/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
if ! command -v soffice >/dev/null || ! command -v pdftoppm >/dev/null || ! /usr/bin/python3 -c 'import uno' 2>/dev/null; then
    debian_packages libreoffice-calc python3-uno fonts-noto-cjk poppler-utils ||
        echo "LibreOffice is missing and could not be installed: tests that need it will say so" >&2
fi
if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
    debian_packages chromium || echo "Chromium is missing and could not be installed: tests that need it will say so" >&2
fi
.venv-test/bin/ruff check .
.venv-test/bin/ruff format --check .
.venv-test/bin/mypy
.venv-test/bin/python scripts/messages.py --check
# Neighbours share what is dear to set up (a cluster, a browser), so each process takes a stretch of the tests.
exec .venv-test/bin/python -m pytest -n auto --dist worksteal -m "" "$@"
