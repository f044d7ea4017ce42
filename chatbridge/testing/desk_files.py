"""Files of a simulated desk: put aside, attached with a comment, listed and read."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from attrs import define, field

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import (
    DeskCall,
    DeskRefusal,
    Route,
    customer_date,
    customer_page,
    customer_refusal,
    customer_user,
    platform_date,
    platform_refusal,
    platform_user,
    reply,
    route,
    too_many,
)
from chatbridge.testing.desk_editions import Edition
from chatbridge.testing.desk_shelf import SimulatedFile
from chatbridge.testing.desk_state import DeskState, SimulatedIssue
from chatbridge.testing.desk_texts import adf_of, text_of_wiki
from chatbridge.testing.desk_webhooks import HintSender
from chatbridge.testing.forms import read_form

CUSTOMER_ROOT: Final = "/rest/servicedeskapi"
TICKET_LIFE: Final = 3600.0
"""Seconds for which a file that was put aside can be attached; the real time is not documented."""

_MOST_AT_ONCE: Final = 60


@define
class _PutAside:
    name: str
    media_type: str
    data: bytes = field(repr=False)
    until: float


class FilesApi:
    """Answers calls about files, of the customer API and of the platform's.

    Args:
        state: of the site.
        hints: told of every change.
        platform_root: where the platform API stands.
    """

    def __init__(self, state: DeskState, hints: HintSender, platform_root: str) -> None:
        self._state = state
        self._hints = hints
        self._platform = platform_root
        self._aside: dict[str, _PutAside] = {}

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        request = f"{CUSTOMER_ROOT}/request/{{}}"
        put_aside = f"{CUSTOMER_ROOT}/servicedesk/{{}}/attachTemporaryFile"
        return [
            route("POST", put_aside, self._put_aside),
            route("POST", request + "/attachment", self._attach),
            route("GET", self._platform + "/attachment/meta", self._meta),
            route("GET", self._platform + "/attachment/{}", self._about),
            *self._listing(),
        ]

    def _listing(self) -> list[Route]:
        if not self._state.edition.lists_files:
            return [route("GET", "/secure/attachment/{}/{}", self._bytes)]
        return [
            route("GET", f"{CUSTOMER_ROOT}/request/{{}}/attachment", self._list),
            route("GET", self._platform + "/attachment/content/{}", self._content),
        ]

    def _put_aside(self, call: DeskCall) -> HttpResponse:
        project = self._state.project(call.names[0])
        if not self._state.behaviour.licensed:
            raise DeskRefusal(reply(403))
        if project is None or project.desk_id is None:
            raise customer_refusal(404, "The service desk does not exist.")
        if call.call.headers.get("X-Atlassian-Token") != "no-check":
            raise customer_refusal(403, "XSRF check failed")
        files = [part for part in read_form(call.call) or () if part.name == "file"]
        if not files:
            raise customer_refusal(400, "There is no file in the request.")
        if len(files) > _MOST_AT_ONCE:
            raise customer_refusal(413, "Too many files.")
        made = []
        for part in files:
            if len(part.data) > self._state.behaviour.file_limit:
                raise customer_refusal(400, "The file is larger than the limit.")
            ticket = self._state.shelf.new_ticket()
            until = self._state.clock.monotonic() + TICKET_LIFE
            self._aside[ticket] = _PutAside(
                part.filename or "file", part.media_type, part.data, until
            )
            made.append({"temporaryAttachmentId": ticket, "fileName": part.filename})
        return reply(201, {"temporaryAttachments": made})

    def _attach(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        body = call.json()
        tickets, public = body.get("temporaryAttachmentIds"), body.get("public")
        if not isinstance(tickets, list) or not tickets or not isinstance(public, bool):
            raise customer_refusal(400, "Temporary attachments and 'public' are needed.")
        now = self._state.clock.monotonic()
        aside = [self._aside.get(str(ticket)) for ticket in tickets]
        known = [each for each in aside if each is not None and each.until > now]
        if len(known) != len(tickets):
            raise customer_refusal(400, "A temporary attachment is invalid or expired.")
        wait = self._state.wait_before_write(issue)
        if wait:
            raise DeskRefusal(too_many("jira-per-issue-on-write", int(wait) + 1))
        files = [
            self._state.shelf.new_file(call.account, each.name, each.media_type, each.data)
            for each in known
        ]
        for ticket in tickets:
            del self._aside[str(ticket)]
        more = body.get("additionalComment")
        text = more.get("body", "") if isinstance(more, dict) else ""
        comment = self._state.add_comment(
            issue, call.account, wiki=with_references(text, files),
            adf=adf_with_media(adf_of(text_of_wiki(text)) if text else None, files),
            public=public, lag=call.lag, files=files,
        )  # fmt: skip
        self._hints.comment_event("comment_created", issue, comment, call.base)
        shown = {
            "id": comment.comment_id, "body": comment.wiki, "public": comment.public,
            "author": customer_user(comment.author, call.base),
            "created": customer_date(comment.created),
        }  # fmt: skip
        return reply(201, {"comment": shown, "attachments": file_page(files, issue, call.base)})

    def _list(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        shown = [customer_file(each, issue, call.base) for each in self._state.files(issue)]
        return customer_page(call, shown, self._state.behaviour.page_cap)

    def _meta(self, _call: DeskCall) -> HttpResponse:
        limit = self._state.behaviour.file_limit
        return reply(200, {"enabled": limit > 0, "uploadLimit": limit})

    def _about(self, call: DeskCall) -> HttpResponse:
        return reply(200, platform_file(self._file(call), call.base, self._state.edition))

    def _content(self, call: DeskCall) -> HttpResponse:
        if call.call.query.get("redirect", "true") != "false":
            # The host of the files is another one; this stand-in is not it.
            raise DeskRefusal(reply(303, None, {"Location": f"{call.base}/not-simulated"}))
        return self._bytes(call)

    def _bytes(self, call: DeskCall) -> HttpResponse:
        file = self._file(call)
        return HttpResponse(200, {"Content-Type": file.media_type}, file.data)

    def _file(self, call: DeskCall) -> SimulatedFile:
        for issue in self._state.issues.values():
            for file in self._state.files(issue):
                if file.file_id == call.names[0] and self._state.behaviour.access:
                    return file
        raise platform_refusal(404, f"The attachment with id {call.names[0]} does not exist")

    def _find(self, call: DeskCall) -> SimulatedIssue:
        if not self._state.behaviour.licensed:
            raise DeskRefusal(reply(403))
        issue = self._state.find(call.names[0])
        if issue is None or not issue.is_request or not self._state.behaviour.access:
            raise customer_refusal(404, "The request does not exist or you cannot see it.")
        return issue


def with_references(text: str, files: list[SimulatedFile]) -> str:
    """Return wiki markup with a reference to each file below it, as Jira writes them."""
    references = [
        f"!{each.name}|thumbnail!" if each.is_image else f"[^{each.name}]" for each in files
    ]
    return "\n\n".join(filter(None, [text, " ".join(references)]))


def adf_with_media(document: dict[str, Any] | None, files: list[SimulatedFile]) -> dict[str, Any]:
    """Return an ADF document with a node for each file below it; its ids are not the files'."""
    nodes = [
        {
            "type": "mediaSingle",
            "attrs": {"layout": "align-start"},
            "content": [
                {
                    "type": "media",
                    "attrs": {
                        "type": "file", "id": each.media_id, "collection": "", "alt": each.name,
                    },
                }
            ],
        }
        for each in files
    ]  # fmt: skip
    before = document["content"] if document is not None else []
    return {"type": "doc", "version": 1, "content": [*before, *nodes]}


def file_page(files: list[SimulatedFile], issue: SimulatedIssue, base: str) -> dict[str, Any]:
    """Return files as a whole page of the customer API."""
    return {
        "size": len(files),
        "start": 0,
        "limit": 50,
        "isLastPage": True,
        "_links": {},
        "values": [customer_file(each, issue, base) for each in files],
    }


def customer_file(file: SimulatedFile, issue: SimulatedIssue, base: str) -> dict[str, Any]:
    """Return a file as the customer API shows it, which names no id."""
    shown = f"{base}/rest/servicedeskapi/request/{issue.issue_id}/attachment/{file.file_id}"
    return {
        "filename": file.name,
        "author": customer_user(file.author, base),
        "created": customer_date(file.created),
        "size": len(file.data),
        "mimeType": file.media_type,
        "_links": {
            "self": shown,
            "jiraRest": f"{base}/rest/api/2/attachment/{file.file_id}",
            "content": f"{base}/servicedesk/customershim/secure/attachment/{file.file_id}/",
        },
    }


def platform_file(file: SimulatedFile, base: str, edition: Edition) -> dict[str, Any]:
    """Return a file as the platform API shows it."""
    link = f"{base}{edition.platform_root}/attachment"
    content = f"{link}/content/{file.file_id}"
    if not edition.lists_files:
        content = f"{base}/secure/attachment/{file.file_id}/{quote(file.name)}"
    return {
        "self": f"{link}/{file.file_id}",
        "id": file.file_id,
        "filename": file.name,
        "author": platform_user(file.author, base),
        "created": platform_date(file.created),
        "size": len(file.data),
        "mimeType": file.media_type,
        "content": content,
    }
