#!/bin/sh
# Install xlsform into .venv and run its demo; further words are given to `xlsform demo`.
set -eu
. "$(dirname "$0")/environment.sh"
environment .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check .
exec .venv/bin/xlsform demo "$@"
