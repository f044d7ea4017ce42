"""The webhooks of a simulated desk: who gets them, what they say, and when they come again.

Bodies and headers are shaped as captured from Jira Cloud, people as the edition knows them. An
Automation rule sends its custom body with a static header. Nothing is sent from here: what is owed
waits to be fetched.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from typing import Any

from attrs import define, evolve, field

from chatbridge.testing.desk_answers import platform_date, platform_user
from chatbridge.testing.desk_people import STATUSES, Person
from chatbridge.testing.desk_state import DeskState, SimulatedComment, SimulatedIssue
from chatbridge.testing.simulator import OwedWebhook

_RETRIED = {408, 409, 425, 429}
_CATEGORY_KEYS = {"NEW": "new", "INDETERMINATE": "indeterminate", "DONE": "done"}


@define(kw_only=True)
class Registration:
    """Somebody who gets webhooks: a Jira webhook, or a rule where `header_secret` is set."""

    webhook_id: str
    url: str
    secret: str | None = None
    header_secret: str | None = None
    events: list[str] = field(factory=list)
    name: str = ""


@define
class _Delivery:
    webhook: OwedWebhook
    retries_left: int
    tries: int = 0
    under_way: bool = False


class HintSender:
    """Keeps registrations and what is owed to them.

    Args:
        state: of the site.
        randomness: of the times between tries.
    """

    def __init__(self, state: DeskState, randomness: random.Random) -> None:
        self.registrations: dict[str, Registration] = {}
        self._state = state
        self._random = randomness
        self._owed: dict[str, _Delivery] = {}
        self._count = 0

    def register(
        self,
        url: str,
        *,
        secret: str | None = None,
        header_secret: str | None = None,
        events: list[str] | None = None,
        name: str = "",
    ) -> Registration:
        """Let an address get webhooks from now on."""
        self._count += 1
        made = Registration(
            webhook_id=str(self._count), url=url, secret=secret, header_secret=header_secret,
            events=list(events or []), name=name,
        )  # fmt: skip
        self.registrations[made.webhook_id] = made
        return made

    def owed(self) -> list[OwedWebhook]:
        """Return what is due and not under way, and mark it as under way."""
        now = self._state.clock.monotonic()
        due = [each for each in self._owed.values() if not each.under_way]
        due = [each for each in due if each.webhook.due <= now]
        for delivery in due:
            delivery.under_way = True
        return [delivery.webhook for delivery in due]

    def answered(self, webhook_id: str, status: int | None) -> None:
        """Note an answer; on Cloud passing failures come again after 5 to 15 minutes, 5 times."""
        delivery = self._owed.get(webhook_id)
        if delivery is None:
            return
        passing = status is None or status in _RETRIED or status >= 500
        if not passing or delivery.retries_left == 0:
            del self._owed[webhook_id]
            return
        delivery.retries_left -= 1
        delivery.tries += 1
        delivery.under_way = False
        headers = {
            **delivery.webhook.headers,
            "X-Atlassian-Webhook-Retry": str(delivery.tries),
        }
        due = self._state.clock.monotonic() + self._random.uniform(300, 900)
        delivery.webhook = evolve(delivery.webhook, headers=headers, due=due)

    def change_status(self, issue: SimulatedIssue, status: str, by: Person, base: str) -> None:
        """Move an issue to another status and tell of it."""
        before = issue.status
        issue.status = status
        issue.status_since = self._state.wall_ms()
        self._state.touch(issue)
        item = {
            "field": "status",
            "fieldtype": "jira",
            "fieldId": "status",
            "from": STATUSES[before][0],
            "fromString": before,
            "to": STATUSES[status][0],
            "toString": status,
        }
        self.issue_event("jira:issue_updated", issue, by, base, [item])

    def comment_event(
        self, event: str, issue: SimulatedIssue, comment: SimulatedComment, base: str
    ) -> None:
        """Owe everybody the news of a comment."""
        path = f"{base}/rest/api/2/issue/{issue.issue_id}/comment/{comment.comment_id}"
        told_public = comment.public or self._state.behaviour.lie_in_webhooks
        edition = self._state.edition
        body: dict[str, Any] = {
            "comment": {
                "self": path,
                "id": comment.comment_id,
                "author": platform_user(comment.author, base),
                "body": comment.wiki,
                "updateAuthor": platform_user(comment.author, base),
                "created": platform_date(comment.created),
                "updated": platform_date(comment.updated),
                **edition.visibility(public=told_public or not issue.is_request),
            },
        }
        if edition.names_issue:
            body["issue"] = self._thin_issue(issue, base)
        rule = {"issue": {"key": issue.key}, "comment": {"id": comment.comment_id}}
        self._owe(event, body, rule, comment.visible_from)

    def issue_event(
        self,
        event: str,
        issue: SimulatedIssue,
        by: Person,
        base: str,
        changes: list[dict[str, Any]] | None = None,
    ) -> None:
        """Owe everybody the news of an issue."""
        shape = self._thin_issue(issue, base)
        shape["fields"]["created"] = platform_date(issue.created)
        shape["fields"]["updated"] = platform_date(self._state.updated(issue))
        body: dict[str, Any] = {
            "issue_event_type_name": "issue_created" if changes is None else "issue_generic",
            "user": platform_user(by, base),
            "issue": shape,
        }
        if changes is not None:
            self._count += 1
            body["changelog"] = {"id": str(10_000 + self._count), "items": changes}
        self._owe(event, body, {"issue": {"key": issue.key}}, issue.visible_from)

    def _thin_issue(self, issue: SimulatedIssue, base: str) -> dict[str, Any]:
        kind = "service_desk" if issue.project.desk_id else "software"
        transition, category = STATUSES[issue.status]
        return {
            "id": issue.issue_id,
            # Really without its `/issue/` segment, as captured.
            "self": f"{base}/rest/api/2/{issue.issue_id}",
            "key": issue.key,
            "fields": {
                "summary": issue.summary,
                "project": {
                    "id": issue.project.project_id,
                    "key": issue.project.key,
                    "projectTypeKey": kind,
                },
                "status": {
                    "id": transition,
                    "name": issue.status,
                    "statusCategory": {"key": _CATEGORY_KEYS[category]},
                },
            },
        }

    def _owe(self, event: str, body: dict[str, Any], rule: dict[str, Any], due: float) -> None:
        for registration in self.registrations.values():
            if registration.events and event not in registration.events:
                continue
            self._count += 1
            webhook_id = f"hint-{self._count}"
            if registration.header_secret is not None:
                content: dict[str, Any] = {"webhookEvent": event, **rule}
                headers = {"X-Chatbridge-Secret": registration.header_secret}
            else:
                content = {"timestamp": self._state.wall_ms(), "webhookEvent": event, **body}
                headers = {
                    "X-Atlassian-Webhook-Identifier": webhook_id,
                    "X-Atlassian-Webhook-Flow": "Primary",
                }
            raw = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
            if registration.secret is not None and registration.header_secret is None:
                digest = hmac.new(registration.secret.encode(), raw, hashlib.sha256).hexdigest()
                headers["X-Hub-Signature"] = f"sha256={digest}"
            headers["Content-Type"] = "application/json; charset=UTF-8"
            webhook = OwedWebhook(
                webhook_id=webhook_id, url=registration.url, headers=headers, body=raw, due=due
            )
            # A rule is known to have no second try.
            retries = self._state.edition.webhook_tries
            retries = 0 if registration.header_secret is not None else retries
            self._owed[webhook_id] = _Delivery(webhook, retries)
