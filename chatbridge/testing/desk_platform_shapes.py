"""How the platform API of a simulated site shows issues, statuses and comments."""

from __future__ import annotations

from typing import Any

from chatbridge.testing.desk_answers import platform_date, platform_user
from chatbridge.testing.desk_editions import Edition
from chatbridge.testing.desk_files import platform_file
from chatbridge.testing.desk_people import STATUSES, FieldSpec
from chatbridge.testing.desk_state import DeskState, SimulatedComment, SimulatedIssue

_CATEGORIES = {"NEW": (2, "new", "To Do"), "INDETERMINATE": (4, "indeterminate", "In Progress"),
               "DONE": (3, "done", "Done")}  # fmt: skip


def status_shape(name: str, base: str, edition: Edition) -> dict[str, Any]:
    """Return a status with its category."""
    number, category = STATUSES[name]
    category_id, key, category_name = _CATEGORIES[category]
    return {
        "self": f"{base}{edition.platform_root}/status/{number}",
        "id": number,
        "name": name,
        "statusCategory": {"id": category_id, "key": key, "name": category_name},
    }


def issue_shape(
    state: DeskState,
    issue: SimulatedIssue,
    wanted: list[str],
    base: str,
    updated: int | None = None,
) -> dict[str, Any]:
    """Return an issue with the wanted fields; `updated` is what a search believes."""
    edition = state.edition
    comments = state.comments(issue)
    fields: dict[str, Any] = {
        "summary": issue.summary,
        "description": edition.text(issue.description, issue.wiki_description),
        "created": platform_date(issue.created),
        "updated": platform_date(state.updated(issue) if updated is None else updated),
        "status": status_shape(issue.status, base, edition),
        "project": {
            "id": issue.project.project_id,
            "key": issue.project.key,
            "name": issue.project.name,
            "projectTypeKey": "service_desk" if issue.project.desk_id else "software",
        },
        "reporter": platform_user(issue.reporter, base),
        "creator": platform_user(issue.creator, base),
        "labels": [],
        "attachment": [platform_file(each, base, edition) for each in state.files(issue)],
        "comment": {
            "startAt": 0,
            "maxResults": len(comments),
            "total": len(comments),
            "comments": [comment_shape(each, issue, base, edition) for each in comments],
        },
        **issue.values,
    }
    everything = "*all" in wanted or "*navigable" in wanted
    return {
        "id": issue.issue_id,
        "key": issue.key,
        "self": f"{base}{edition.platform_root}/issue/{issue.issue_id}",
        "fields": {name: v for name, v in fields.items() if everything or name in wanted},
    }


def comment_shape(
    comment: SimulatedComment,
    issue: SimulatedIssue,
    base: str,
    edition: Edition,
    *,
    with_properties: bool = False,
) -> dict[str, Any]:
    """Return a comment; on a project without a service desk every one claims to be public."""
    link = f"{base}{edition.platform_root}/issue/{issue.issue_id}/comment/{comment.comment_id}"
    shape: dict[str, Any] = {
        "self": link,
        "id": comment.comment_id,
        "author": platform_user(comment.author, base),
        "body": edition.text(comment.adf, comment.wiki),
        "updateAuthor": platform_user(comment.author, base),
        "created": platform_date(comment.created),
        "updated": platform_date(comment.updated),
        **edition.visibility(public=comment.public or not issue.is_request),
    }
    if comment.restricted_to is not None:
        name = comment.restricted_to
        shape["visibility"] = {"type": "role", "value": name, "identifier": name}
    if comment.parent is not None and edition.threads:
        # Not in the documents; seen on sites whose comments are threaded.
        shape["parentId"] = int(comment.parent)
    if with_properties:
        shape["properties"] = [
            {"key": key, "value": value} for key, value in comment.properties.items()
        ]
    return shape


def field_shape(spec: FieldSpec) -> dict[str, Any]:
    """Return a field of issues, with the names that searches know it by."""
    number = spec.field_id.removeprefix("customfield_")
    custom = number != spec.field_id
    return {
        "id": spec.field_id,
        "key": spec.field_id,
        "name": spec.name if custom else spec.field_id.title(),
        "custom": custom,
        "navigable": True,
        "orderable": True,
        "searchable": True,
        "clauseNames": [f"cf[{number}]", spec.name] if custom else [spec.field_id],
        "schema": {"type": spec.kind},
    }
