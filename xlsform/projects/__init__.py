"""Project lists: what is to be issued, and to whom."""

from __future__ import annotations

from xlsform.projects.by_code import PackedByCode
from xlsform.projects.file_names import file_name, folder_name, places, safe_name
from xlsform.projects.lists.accounts import read_accounts
from xlsform.projects.lists.project_list import read_projects
from xlsform.projects.prefill import rows_needed, values
from xlsform.projects.project import ListedIndicator, ListProblem, Project, ProjectList

__all__ = [
    "ListProblem",
    "ListedIndicator",
    "PackedByCode",
    "Project",
    "ProjectList",
    "file_name",
    "folder_name",
    "places",
    "read_accounts",
    "read_projects",
    "rows_needed",
    "safe_name",
    "values",
]
