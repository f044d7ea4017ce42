"""How a simulated desk opens customer requests: what it checks, and what a rule does at once."""

from __future__ import annotations

from typing import Any

from chatbridge.testing.desk_answers import DeskCall, DeskRefusal, customer_refusal
from chatbridge.testing.desk_people import AUTOMATION, FieldSpec, Person, RequestTypeSpec
from chatbridge.testing.desk_state import DeskState, SimulatedIssue
from chatbridge.testing.desk_texts import adf_of, stored_length
from chatbridge.testing.desk_webhooks import HintSender


class NewRequests:
    """Opens customer requests.

    Args:
        state: of the site.
        hints: told of every change.
    """

    def __init__(self, state: DeskState, hints: HintSender) -> None:
        self._state = state
        self._hints = hints

    def open(self, call: DeskCall) -> SimulatedIssue:
        """Open the request that the call asks for, or refuse it with a 400."""
        body = call.json()
        if set(body) - self._state.edition.request_keys:
            raise customer_refusal(400, "Unrecognized field in the payload.")
        project = self._state.project(str(body.get("serviceDeskId", "")))
        kind = project.request_type(str(body.get("requestTypeId", ""))) if project else None
        if project is None or project.desk_id is None or kind is None:
            raise customer_refusal(400, "The service desk or request type does not exist.")
        values = body.get("requestFieldValues")
        if not isinstance(values, dict):
            raise _bad_fields("There are no field values.")
        self._check_fields(kind, values)
        adf, wiki = self._description(values.get("description"), body.get("isAdfRequest"))
        moment = self._state.wall_ms()
        issue = SimulatedIssue(
            issue_id=self._state.new_issue_id(),
            key=self._state.new_key(project),
            project=project,
            request_type=kind,
            reporter=self._reporter(body.get("raiseOnBehalfOf"), call.account),
            creator=call.account,
            summary=values["summary"],
            description=adf,
            wiki_description=wiki,
            created=moment,
            visible_from=self._state.clock.monotonic() + call.lag,
            status_since=moment,
            values={k: v for k, v in values.items() if k not in {"summary", "description"}},
        )
        self._state.add_issue(issue)
        self._hints.issue_event("jira:issue_created", issue, call.account, call.base)
        if self._state.behaviour.automation:
            comment = self._state.add_comment(
                issue, AUTOMATION, wiki=self._state.behaviour.automation, lag=call.lag
            )
            self._hints.comment_event("comment_created", issue, comment, call.base)
        return issue

    def _check_fields(self, kind: RequestTypeSpec, values: dict[str, Any]) -> None:
        for spec in kind.fields:
            if spec.required and not values.get(spec.field_id):
                raise _bad_fields(f"{spec.name} is required.")
        for name, value in values.items():
            field = kind.field(name)
            if field is None:
                raise _bad_fields(f"Field '{name}' cannot be set. It is not on the screen.")
            _check_value(field, value)

    def _description(self, given: Any, is_adf: Any) -> tuple[dict[str, Any], str]:
        if is_adf is True and self._state.behaviour.refuse_adf:
            raise _bad_fields("description: Operation value must be a string")
        if given is None:
            return adf_of(""), ""
        if stored_length(given) > self._state.behaviour.text_limit:
            raise _bad_fields("The entered text is too long. It exceeds the allowed limit of "
                              "32,767 characters.")  # fmt: skip
        found = self._state.edition.read_description(given, is_adf=is_adf is True)
        if found is None:
            raise _bad_fields("description: Operation value must be a string")
        return found

    def _reporter(self, name: Any, caller: Person) -> Person:
        if name is None:
            return caller
        for person in self._state.people:
            if (person.username or person.account_id) == name:
                return person
        raise _bad_fields("The customer does not exist.")


def _check_value(field: FieldSpec, value: Any) -> None:
    if field.field_id == "summary":
        if not isinstance(value, str) or "\n" in value:
            raise _bad_fields("The summary is invalid because it contains newline characters.")
        if len(value) > 255:
            raise _bad_fields("Summary must be less than 255 characters.")
    elif field.field_id == "description":
        return
    elif field.kind == "option":
        chosen = value.get("id", value.get("value")) if isinstance(value, dict) else None
        if chosen not in {*field.values, *field.values.values()}:
            raise _bad_fields(f"{field.name}: Option is not valid.")
    elif field.kind == "array":
        good = isinstance(value, list) and all(
            isinstance(each, str) and each and " " not in each for each in value
        )
        if not good:
            raise _bad_fields(f"{field.name}: labels may not contain spaces.")
    elif not isinstance(value, str) or len(value) > 255:
        raise _bad_fields(f"{field.name}: must be a text of at most 255 characters.")


def _bad_fields(detail: str) -> DeskRefusal:
    return customer_refusal(
        400,
        "Your request could not be created. Please check the fields have been correctly filled in."
        f" {detail}",
    )
