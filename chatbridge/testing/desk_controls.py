"""What people do on a simulated desk: agents answer, flip, move and close; tests switch faults."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any

import attrs

from chatbridge.testing.desk_behaviour import Behaviour
from chatbridge.testing.desk_files import adf_with_media, with_references
from chatbridge.testing.desk_people import PEOPLE, STATUSES, Person
from chatbridge.testing.desk_shelf import SimulatedFile
from chatbridge.testing.desk_state import (
    DeskState,
    SimulatedComment,
    SimulatedIssue,
)
from chatbridge.testing.desk_texts import adf_of, adf_problem, text_of
from chatbridge.testing.desk_webhooks import HintSender
from chatbridge.testing.simulator import Control
from chatbridge.testing.simulator_json import text_argument

_AGENT = PEOPLE[2]
_SWITCHES = attrs.fields_dict(Behaviour)


class DeskControls:
    """Carries out actions by name.

    Args:
        state: of the site.
        hints: told of every change.
        base: the site's address, for links.
    """

    def __init__(self, state: DeskState, hints: HintSender, base: str) -> None:
        self._state = state
        self._hints = hints
        self._base = base

    def actions(self) -> dict[str, tuple[str, Control]]:
        """Return each action's name, one line on it, and what does it."""
        return {
            "comment": ("add a comment: issue, text or adf, public, as, restricted, parent, files",
                        self._comment),
            "flip": ("make a comment public or internal: issue, comment, public", self._flip),
            "edit_comment": ("change a comment's text: issue, comment, text", self._edit),
            "delete_comment": ("delete a comment: issue, comment", self._delete_comment),
            "transition": (f"change the status: issue, status ({', '.join(STATUSES)}), as",
                           self._transition),
            "move": ("move an issue to another project, under a new key: issue, project",
                     self._move),
            "delete": ("delete an issue: issue", self._delete),
            "requests": ("list all issues with their comments", self._requests),
            "request": ("show one issue with its comments: issue", self._request),
            "comments": ("list an issue's comments: issue", self._comments),
            "behaviour": (f"switch behaviour: {', '.join(_SWITCHES)}; returns all of it",
                          self._behaviour),
            "register_hint": ("send webhooks: url, secret or header_secret (a rule), events",
                              self._register),
            "unregister_hint": ("send no more webhooks to url: url", self._unregister),
        }  # fmt: skip

    def _comment(self, given: dict[str, Any]) -> dict[str, Any]:
        issue = self._issue(given)
        adf = given.get("adf")
        if adf is not None and adf_problem(adf):
            raise ValueError("adf must be an ADF document")
        if adf is None:
            text = given.get("text") if given.get("files") else text_argument(given, "text")
            adf = adf_of(str(text)) if text else adf_of("")
        restricted = given.get("restricted")
        author = self._state.person(str(given.get("as", _AGENT.name)))
        files = self._files(author, given.get("files", []))
        comment = self._state.add_comment(
            issue,
            author,
            adf=adf_with_media(adf, files) if files else adf,
            wiki=with_references(text_of(adf), files) if files else None,
            files=files,
            public=_switch(given, "public", default=True),
            restricted_to="Administrators" if restricted is True else restricted or None,
            lag=self._state.behaviour.commit_lag,
            parent=self._parent(issue, given),
        )
        self._hints.comment_event("comment_created", issue, comment, self._base)
        return _shown(comment)

    def _parent(self, issue: SimulatedIssue, given: dict[str, Any]) -> str | None:
        parent = given.get("parent")
        if parent is not None and parent not in issue.comments:
            raise ValueError("parent must be a comment of the issue")
        return parent

    def _files(self, author: Person, given: Any) -> list[SimulatedFile]:
        wanted = given if isinstance(given, list) else [None]
        files = []
        for each in wanted:
            if not isinstance(each, dict):
                raise ValueError("files must be a list of objects with name, media_type and base64")  # noqa: TRY004 - the contract of control
            media_type = str(each.get("media_type", "application/octet-stream"))
            data = b64decode(text_argument(each, "base64"), validate=True)
            files.append(
                self._state.shelf.new_file(author, text_argument(each, "name"), media_type, data)
            )
        return files

    def _flip(self, given: dict[str, Any]) -> dict[str, Any]:
        issue, comment = self._find_comment(given)
        comment.public = _switch(given, "public", default=not comment.public)
        comment.properties["sd.public.comment"] = {"internal": not comment.public}
        return self._changed("comment_updated", issue, comment)

    def _edit(self, given: dict[str, Any]) -> dict[str, Any]:
        issue, comment = self._find_comment(given)
        comment.wiki = text_argument(given, "text")
        comment.adf = adf_of(comment.wiki)
        return self._changed("comment_updated", issue, comment)

    def _delete_comment(self, given: dict[str, Any]) -> dict[str, Any]:
        issue, comment = self._find_comment(given)
        del issue.comments[comment.comment_id]
        return self._changed("comment_deleted", issue, comment)

    def _changed(
        self, event: str, issue: SimulatedIssue, comment: SimulatedComment
    ) -> dict[str, Any]:
        comment.updated = self._state.wall_ms()
        self._state.touch(issue)
        self._hints.comment_event(event, issue, comment, self._base)
        return _shown(comment)

    def _transition(self, given: dict[str, Any]) -> dict[str, Any]:
        issue = self._issue(given)
        status = text_argument(given, "status")
        if status not in STATUSES:
            raise ValueError(f"status must be one of {', '.join(STATUSES)}")
        by = self._state.person(str(given.get("as", _AGENT.name)))
        self._hints.change_status(issue, status, by, self._base)
        return self._summary(issue)

    def _move(self, given: dict[str, Any]) -> dict[str, Any]:
        issue = self._issue(given)
        project = self._state.project(text_argument(given, "project"))
        if project is None:
            raise LookupError("there is no such project")
        issue.old_keys.append(issue.key)
        issue.project = project
        issue.key = self._state.new_key(project)
        kind = issue.request_type
        issue.request_type = project.request_type(kind.type_id) if kind is not None else None
        self._state.touch(issue)
        moved = {"field": "project", "fieldtype": "jira", "fieldId": "project"}
        self._hints.issue_event("jira:issue_updated", issue, _AGENT, self._base, [moved])
        return self._summary(issue)

    def _delete(self, given: dict[str, Any]) -> dict[str, Any]:
        issue = self._issue(given)
        del self._state.issues[issue.issue_id]
        self._hints.issue_event("jira:issue_deleted", issue, _AGENT, self._base)
        return {"id": issue.issue_id, "key": issue.key}

    def _requests(self, _given: dict[str, Any]) -> list[dict[str, Any]]:
        return [self._summary(issue) for issue in self._state.issues.values()]

    def _request(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._summary(self._issue(given))

    def _comments(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        return [_shown(each) for each in _by_id(self._issue(given))]

    def _behaviour(self, given: dict[str, Any]) -> dict[str, Any]:
        for name, value in given.items():
            field = _SWITCHES.get(name)
            if field is None:
                raise ValueError(f"behaviour knows {', '.join(_SWITCHES)}")
            wanted = type(field.default)
            if wanted is float and type(value) is int:
                value = float(value)
            if type(value) is not wanted:
                raise ValueError(f"{name} must be a {wanted.__name__}")
            setattr(self._state.behaviour, name, value)
        return attrs.asdict(self._state.behaviour)

    def _register(self, given: dict[str, Any]) -> dict[str, Any]:
        made = self._hints.register(
            text_argument(given, "url"),
            secret=given.get("secret"),
            header_secret=given.get("header_secret"),
            events=given.get("events"),
        )
        return {"id": made.webhook_id, "url": made.url}

    def _unregister(self, given: dict[str, Any]) -> dict[str, Any]:
        url = text_argument(given, "url")
        known = self._hints.registrations
        gone = [each.webhook_id for each in known.values() if each.url == url]
        for webhook_id in gone:
            del known[webhook_id]
        return {"removed": len(gone)}

    def _issue(self, given: dict[str, Any]) -> SimulatedIssue:
        name = text_argument(given, "issue")
        for issue in self._state.issues.values():
            if name in (issue.issue_id, issue.key, *issue.old_keys):
                return issue
        raise LookupError("there is no such issue")

    def _find_comment(self, given: dict[str, Any]) -> tuple[SimulatedIssue, SimulatedComment]:
        issue = self._issue(given)
        comment = issue.comments.get(text_argument(given, "comment"))
        if comment is None:
            raise LookupError("there is no such comment")
        return issue, comment

    def _summary(self, issue: SimulatedIssue) -> dict[str, Any]:
        kind = issue.request_type
        return {
            "id": issue.issue_id,
            "key": issue.key,
            "project": issue.project.key,
            "request_type": kind.type_id if kind is not None else None,
            "summary": issue.summary,
            "description": text_of(issue.description),
            "status": issue.status,
            "reporter": issue.reporter.name,
            "values": issue.values,
            "links": [{"type": kind, "to": other} for kind, other in issue.links],
            "comments": [_shown(each) for each in _by_id(issue)],
        }


def _by_id(issue: SimulatedIssue) -> list[SimulatedComment]:
    return sorted(issue.comments.values(), key=lambda each: int(each.comment_id))


def _shown(comment: SimulatedComment) -> dict[str, Any]:
    return {
        "id": comment.comment_id,
        "author": comment.author.name,
        "public": comment.public,
        "restricted": comment.restricted_to,
        "text": text_of(comment.adf),
        "marker": comment.marker,
        "files": [_file_shown(each) for each in comment.files],
        "created": comment.created,
    }


def _file_shown(file: SimulatedFile) -> dict[str, Any]:
    digest = hashlib.sha256(file.data).hexdigest()
    return {
        "id": file.file_id,
        "name": file.name,
        "media_type": file.media_type,
        "size": len(file.data),
        "sha256": digest,
    }


def _switch(given: dict[str, Any], name: str, *, default: bool) -> bool:
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")  # noqa: TRY004 - the contract of control
    return value
