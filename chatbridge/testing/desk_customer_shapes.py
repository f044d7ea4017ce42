"""How the customer API of a simulated desk shows desks, request types and comments."""

from __future__ import annotations

from typing import Any

from chatbridge.testing.desk_answers import customer_date, customer_user
from chatbridge.testing.desk_editions import Edition
from chatbridge.testing.desk_files import file_page
from chatbridge.testing.desk_people import STATUSES, FieldSpec, RequestTypeSpec, SimulatedProject
from chatbridge.testing.desk_state import SimulatedComment, SimulatedIssue

CUSTOMER_ROOT = "/rest/servicedeskapi"


def desk_shape(project: SimulatedProject, base: str) -> dict[str, Any]:
    """Return a service desk as the customer API shows it."""
    return {
        "id": project.desk_id,
        "projectId": project.project_id,
        "projectKey": project.key,
        "projectName": project.name,
        "projectTypeKey": "service_desk",
        "_links": {"self": f"{base}{CUSTOMER_ROOT}/servicedesk/{project.desk_id}"},
    }


def type_shape(kind: RequestTypeSpec, project: SimulatedProject, base: str) -> dict[str, Any]:
    """Return a request type as the customer API shows it."""
    link = f"{base}{CUSTOMER_ROOT}/servicedesk/{project.desk_id}/requesttype/{kind.type_id}"
    return {
        "_expands": ["field"],
        "id": kind.type_id,
        "name": kind.name,
        "description": "",
        "helpText": "",
        "issueTypeId": "10010",
        "serviceDeskId": project.desk_id,
        "portalId": project.desk_id,
        "groupIds": ["12"],
        "canCreateRequest": True,
        "restrictionStatus": "OPEN",
        "_links": {"self": link},
    }


def field_shape(spec: FieldSpec) -> dict[str, Any]:
    """Return a field of a request type as the customer API shows it."""
    schema: dict[str, Any] = {"type": spec.kind}
    if spec.kind == "array":
        schema["items"] = "string"
    if spec.custom:
        schema["custom"] = f"com.atlassian.jira.plugin.system.customfieldtypes:{spec.custom}"
        schema["customId"] = int(spec.field_id.removeprefix("customfield_"))
    else:
        schema["system"] = spec.field_id
    return {
        "fieldId": spec.field_id,
        "name": spec.name,
        "description": "",
        "required": spec.required,
        "visible": True,
        "defaultValues": [],
        "validValues": [
            {"value": value, "label": label, "children": []} for value, label in spec.values.items()
        ],
        "presetValues": [],
        "jiraSchema": schema,
    }


def status_shape(issue: SimulatedIssue, edition: Edition) -> dict[str, Any]:
    """Return the status of a request as the customer API shows it."""
    category = {"statusCategory": STATUSES[issue.status][1]} if edition.names_category else {}
    return {
        "status": issue.status,
        **category,
        "statusDate": customer_date(issue.status_since),
    }


def comment_shape(
    comment: SimulatedComment, issue: SimulatedIssue, base: str, *, with_files: bool = False
) -> dict[str, Any]:
    """Return a comment of a request as the customer API shows it."""
    link = f"{base}{CUSTOMER_ROOT}/request/{issue.issue_id}/comment/{comment.comment_id}"
    files = {"attachments": file_page(comment.files, issue, base)} if with_files else {}
    return {
        "_expands": ["attachment", "renderedBody"],
        "id": comment.comment_id,
        "body": comment.wiki,
        "public": comment.public,
        "author": customer_user(comment.author, base),
        "created": customer_date(comment.created),
        **files,
        "_links": {"self": link},
    }
