"""The search of a simulated site: as much JQL as a bridge and a test need, over a lagging index."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import DeskCall, Route, platform_refusal, reply, route
from chatbridge.testing.desk_people import Person
from chatbridge.testing.desk_platform_shapes import field_shape, issue_shape
from chatbridge.testing.desk_state import DeskState, Moment, SimulatedIssue
from chatbridge.testing.desk_texts import text_of

Test: TypeAlias = Callable[[SimulatedIssue, Moment], bool]

_CLAUSE = re.compile(
    r'([\w.\[\]]+)\s*(!=|>=|<=|=|~|\bin\b)\s*(\(.*\)|"[^"]*"|[\w().@-]+)', re.IGNORECASE
)
_ORDER = re.compile(r"\border\s+by\s+(\w+)(?:\s+(asc|desc))?\s*$", re.IGNORECASE)
_AGO = re.compile(r"-(\d+)([mhdw])")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}


class SearchApi:
    """Answers searches.

    Args:
        state: of the site.
    """

    def __init__(self, state: DeskState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        root = self._state.edition.platform_root
        path = root + ("/search/jql" if self._state.edition.pages_by_token else "/search")
        return [
            route("GET", path, self._get),
            route("POST", path, self._post),
            route("GET", root + "/field", self._fields),
        ]

    def _fields(self, _call: DeskCall) -> HttpResponse:
        known = {
            spec.field_id: spec
            for project in self._state.projects
            for kind in project.request_types
            for spec in kind.fields
        }
        return reply(200, [field_shape(spec) for spec in known.values()])

    def _get(self, call: DeskCall) -> HttpResponse:
        fields = call.all("fields") or [self._default_field]
        return self._search(call, fields, call.whole("maxResults", 50), dict(call.call.query))

    def _post(self, call: DeskCall) -> HttpResponse:
        body = call.json()
        fields, most = body.get("fields", [self._default_field]), body.get("maxResults", 50)
        if not isinstance(fields, list) or not isinstance(most, int):
            raise platform_refusal(400, "Invalid request payload.")
        return self._search(call, fields, most, body)

    @property
    def _default_field(self) -> str:
        return "id" if self._state.edition.pages_by_token else "*navigable"

    def _search(
        self, call: DeskCall, fields: list[str], most: int, asked: dict[str, Any]
    ) -> HttpResponse:
        by_token = self._state.edition.pages_by_token
        found = self._found(str(asked.get("jql", "")), call.account)
        start = _start_of(asked.get("nextPageToken")) if by_token else int(asked.get("startAt", 0))
        only_ids = by_token and set(fields) <= {"id", "key"}
        most = min(most, 5000 if only_ids else self._state.behaviour.search_cap)
        shown = found[start : start + most]
        issues = [
            issue_shape(self._state, issue, fields, call.base, then.updated)
            for issue, then in shown
        ]
        if not by_token:
            place = {"startAt": start, "maxResults": most, "total": len(found)}
            return reply(200, {"expand": "names,schema", **place, "issues": issues})
        more = start + len(shown) < len(found)
        page: dict[str, Any] = {"issues": issues, "isLast": not more}
        if more:
            page["nextPageToken"] = base64.b64encode(f"at:{start + len(shown)}".encode()).decode()
        return reply(200, page)

    def _found(self, jql: str, account: Person) -> list[tuple[SimulatedIssue, Moment]]:
        tests, newest_first, by = self._parse(jql, account)
        found = [
            (issue, then)
            for issue, then in self._state.indexed()
            if all(test(issue, then) for test in tests) and self._state.behaviour.access
        ]
        found.sort(
            key=lambda each: each[0].created if by == "created" else each[1].updated,
            reverse=newest_first,
        )
        return found

    def _parse(self, jql: str, account: Person) -> tuple[list[Test], bool, str]:
        order = _ORDER.search(jql)
        by, newest_first = ("created", True)
        if order:
            by, newest_first = order[1].lower(), (order[2] or "asc").lower() == "desc"
            jql = jql[: order.start()]
        if not jql.strip():
            raise platform_refusal(
                400, "Unbounded JQL queries are not allowed here. Add a search restriction."
            )
        clauses = re.split(r"\s+and\s+", jql.strip(), flags=re.IGNORECASE)
        return [self._clause(clause, account) for clause in clauses], newest_first, by

    def _clause(self, clause: str, account: Person) -> Test:
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise platform_refusal(400, "Error in the JQL Query.")
        name, operator, raw = match[1].lower(), match[2].lower(), match[3]
        values = [part.strip().strip("\"'") for part in raw.strip("()").split(",")]
        if name in {"updated", "created"} and operator == ">=":
            return self._since(name, values[0])
        if operator == "~":
            return _contains(name, values[0])
        if operator in {"=", "in"}:
            test = self._equals(name, values, account)
            if test is not None:
                return test
        raise platform_refusal(400, f"Field '{name}' does not exist or cannot be searched so.")

    def _since(self, name: str, text: str) -> Test:
        ago = _AGO.fullmatch(text)
        if ago is None:
            raise platform_refusal(400, "Date value is invalid. Use a relative date.")
        earliest = self._state.wall_ms() - int(ago[1]) * _MINUTES[ago[2]] * 60_000
        if name == "created":
            return lambda issue, _: issue.created >= earliest
        return lambda _, then: then.updated >= earliest

    def _equals(self, name: str, values: list[str], account: Person) -> Test | None:
        if name == "project":
            projects = [self._project_id(value) for value in values]
            return lambda _, then: then.project_id in projects
        if name == "labels":
            return lambda issue, _: any(v in issue.values.get("labels", []) for v in values)
        if name in {"key", "issuekey", "id", "issue"}:
            return lambda issue, _: issue.key in values or issue.issue_id in values
        if name == "reporter" and values == ["currentUser"]:
            return lambda issue, _: issue.reporter == account
        return None

    def _project_id(self, name: str) -> str:
        for project in self._state.projects:
            if name in (project.key, project.project_id, project.name):
                return project.project_id
        raise platform_refusal(400, f"The value '{name}' does not exist for the field 'project'.")


def _contains(name: str, word: str) -> Test:
    custom = re.fullmatch(r"cf\[(\d+)\]", name)

    def test(issue: SimulatedIssue, _: Moment) -> bool:
        texts = {"summary": issue.summary, "description": text_of(issue.description)}
        if custom:
            texts = {name: str(issue.values.get(f"customfield_{custom[1]}", ""))}
        chosen = texts.values() if name == "text" else [texts.get(name, "")]
        words = {found.lower() for text in chosen for found in re.findall(r"\w+", text)}
        return word.lower() in words

    return test


def _start_of(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token).decode().removeprefix("at:"))
    except ValueError:
        raise platform_refusal(400, "The provided next page token is invalid or expired.") from None
