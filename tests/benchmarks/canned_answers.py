"""What the far side answers: members and sizes as Telegram's and Jira's own answers have them."""

from __future__ import annotations

import json
import time
from typing import Any

SITE = "https://acme.atlassian.net"
TEXT = "Thank you, we have found the cause: please restart the printer once and try it again."
SAID = "Hello, my printer does not print since this morning, could you have a look please?"
_CREATED = 1_795_000_000_000


def _bytes(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _platform_user(account: str, name: str) -> dict[str, Any]:
    avatar = "https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/OK"
    return {
        "self": f"{SITE}/rest/api/3/user?accountId={account}",
        "accountId": account,
        "avatarUrls": {f"{size}x{size}": f"{avatar}-{size}.png" for size in (48, 24, 16, 32)},
        "displayName": name,
        "active": True,
        "timeZone": "Etc/UTC",
        "accountType": "atlassian",
    }


_BOT = _platform_user("712020:bot", "Support bot")
_AGENT = _platform_user("712020:agent", "Ada Agent")
_CUSTOMER_VIEW = {
    "accountId": "712020:agent",
    "displayName": "Ada Agent",
    "active": True,
    "timeZone": "Etc/UTC",
    "_links": {"jiraRest": f"{SITE}/rest/api/2/user?accountId=712020:agent"},
}


def _comment(author: dict[str, Any], text: str) -> dict[str, Any]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
    return {
        "self": f"{SITE}/rest/api/3/issue/ISSUE/comment/COMMENT",
        "id": "COMMENT",
        "author": author,
        "body": {"type": "doc", "version": 1, "content": content},
        "updateAuthor": author,
        "created": "2026-11-20T09:15:00.000+0000",
        "updated": "2026-11-20T09:15:00.000+0000",
        "jsdPublic": True,
    }


_WRITTEN = _bytes(_comment(_BOT, SAID))
_READ = _bytes(
    {
        **_comment(_AGENT, TEXT),
        "properties": [{"key": "sd.public.comment", "value": {"internal": False}}],
    }
)
_SHOWN = _bytes(
    {
        "_expands": ["attachment", "renderedBody"],
        "id": "COMMENT",
        "body": TEXT,
        "public": True,
        "author": _CUSTOMER_VIEW,
        "created": {
            "iso8601": "2026-11-20T09:15:00+0000",
            "jira": "2026-11-20T09:15:00.000+0000",
            "friendly": "Today 9:15 AM",
            "epochMillis": "CREATED",
        },
        "_links": {"self": f"{SITE}/rest/servicedeskapi/request/ISSUE/comment/COMMENT"},
    }
)
_REQUEST = _bytes(
    {
        "_expands": ["participant", "status", "sla", "requestType", "serviceDesk", "comment"],
        "issueId": "ISSUE",
        "issueKey": "SUP-ISSUE",
        "summary": "My printer does not print",
        "requestTypeId": "25",
        "serviceDeskId": "1",
        "createdDate": {"iso8601": "2026-11-20T09:00:00+0000", "epochMillis": _CREATED},
        "reporter": _CUSTOMER_VIEW,
        "requestFieldValues": [
            {"fieldId": "summary", "label": "Summary", "value": "My printer does not print"},
            {"fieldId": "description", "label": "Description", "value": SAID},
        ],
        "currentStatus": {
            "status": "Waiting for support",
            "statusCategory": "INDETERMINATE",
            "statusDate": {"iso8601": "2026-11-20T09:00:00+0000", "epochMillis": _CREATED},
        },
        "_links": {"web": f"{SITE}/servicedesk/customer/portal/1/SUP-ISSUE"},
    }
)
STATUS = "Waiting for support"
"""The status of every request."""

MYSELF = _bytes(_BOT)
DESK = _bytes({"id": "1", "projectId": "10000", "projectKey": "SUP", "projectName": "Support"})
ME = _bytes(
    {
        "ok": True,
        "result": {"id": 4242, "is_bot": True, "first_name": "Support", "username": "acme_bot"},
    }
)
SENT = _bytes(
    {
        "ok": True,
        "result": {
            "message_id": 4711,
            "from": {"id": 4242, "is_bot": True, "first_name": "Sup", "username": "acme_bot"},
            "chat": {"id": 1001, "first_name": "Olena", "type": "private"},
            "date": 1_795_000_000,
            "text": f"SUP-1\nAda Agent: {TEXT}",
            "entities": [
                {"offset": 0, "length": 5, "type": "text_link", "url": "https://t.me/acme_bot"},
                {"offset": 6, "length": 10, "type": "bold"},
            ],
        },
    }
)
_UPDATE = _bytes(
    {
        "update_id": "UPDATE",
        "message": {
            "message_id": "UPDATE",
            "from": {
                "id": "CHAT",
                "is_bot": False,
                "first_name": "Olena",
                "last_name": "Koval",
                "language_code": "uk",
            },
            "chat": {"id": "CHAT", "first_name": "Olena", "type": "private"},
            "date": int(time.time()),
            "text": SAID,
        },
    }
)


def update(number: int, chat: int) -> bytes:
    """Return a message of a customer."""
    return _UPDATE.replace(b'"UPDATE"', b"%d" % number).replace(b'"CHAT"', b"%d" % chat)


def updates(texts: list[bytes]) -> bytes:
    """Return a page of updates."""
    return b'{"ok":true,"result":[%b]}' % b",".join(texts)


def written_comment(comment: int, issue: str) -> bytes:
    """Return what the platform API answers to a new comment."""
    return _filled(_WRITTEN, comment, issue)


def platform_comment(comment: int, issue: str, _text: str) -> bytes:
    """Return a comment as the platform API reads it."""
    return _filled(_READ, comment, issue)


def platform_comments(comments: list[bytes]) -> bytes:
    """Return the platform API's list."""
    head = b'{"maxResults":1000,"startAt":0,"total":%d,"isLast":true,"values":[' % len(comments)
    return head + b",".join(comments) + b"]}"


def customer_comments(comments: list[tuple[int, str]]) -> bytes:
    """Return a page of the customer API."""
    shown = [
        _filled(_SHOWN, comment, "1").replace(b'"CREATED"', b"%d" % (_CREATED + comment))
        for comment, _ in comments
    ]
    head = b'{"_expands":[],"size":%d,"start":0,"limit":100,"isLastPage":true,"values":['
    return head % len(shown) + b",".join(shown) + b"]}"


def request(issue: str) -> bytes:
    """Return a customer request."""
    return _REQUEST.replace(b"ISSUE", issue.encode())


def changes(changed: dict[str, str]) -> bytes:
    """Return a search's page of issues."""
    issues = [{"id": issue, "fields": {"updated": at}} for issue, at in changed.items()]
    return _bytes({"isLast": True, "issues": issues})


def _filled(template: bytes, comment: int, issue: str) -> bytes:
    return template.replace(b"COMMENT", b"%d" % comment).replace(b"ISSUE", issue.encode())
