"""Many projects by code, each packed until it is asked for."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping

from xlsform.projects.project import Project


class ApprovedProjects(Mapping[str, Project]):
    """The approved projects by code.

    Every process that judges has all of them and needs one at a time. So each is kept packed, in which it takes a
    thousand bytes instead of more than five thousand.
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
