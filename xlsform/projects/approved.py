"""Many projects by code, each packed until it is asked for."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping

from xlsform.projects.project import Project


class ApprovedProjects(Mapping[str, Project]):
    """What is to come back: every process that judges has it all, and needs one project at a time.

    Packed, a project takes a thousand bytes; unpacked it is more than five thousand.
    """

    def __init__(self, projects: Iterable[Project]) -> None:
        self._packed = {project.code: pickle.dumps(project) for project in projects}

    def __getitem__(self, code: str) -> Project:
        project: Project = pickle.loads(self._packed[code])
        return project

    def __contains__(self, code: object) -> bool:
        return code in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
