# The commands of those who change the program; `sh scripts/test.sh` installs what they need into .venv-test first.
# Another environment: make PYTHON=python test

PYTHON = .venv-test/bin/python

.PHONY: lint types test slow docs messages demo

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

# About a minute.
test:
	$(PYTHON) -m pytest

# Everything that the gate runs.
slow:
	$(PYTHON) -m pytest -n auto --dist worksteal -m ""

docs:
	$(PYTHON) scripts/docs.py

messages:
	$(PYTHON) scripts/messages.py

demo:
	$(PYTHON) -m xlsform demo
