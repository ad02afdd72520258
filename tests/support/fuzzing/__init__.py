"""Fuzzers: the tests run each for a moment, `scripts/fuzz.py` for millions of inputs."""

from __future__ import annotations

from support.fuzzing import inboxes, lists, registers, texts, workbooks
from support.fuzzing.target import Target, change_bytes, mutated

__all__ = ["TARGETS", "Target", "change_bytes", "mutated"]

TARGETS: dict[str, Target] = workbooks.TARGETS | inboxes.TARGETS | lists.TARGETS | registers.TARGETS | texts.TARGETS
