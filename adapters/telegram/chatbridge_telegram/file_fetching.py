"""Read a file that a person sent: ask where it is, then download it as a stream.

The address of a file holds the bot's token, so it goes into a request and nowhere else.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from attrs import evolve

from chatbridge.content import Attachment, Content
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpResponse

from . import methods
from .bot_settings import TelegramSettings
from .outcomes import result_of

_UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_LONGEST_PATH = 1000


def fetch(settings: TelegramSettings, attachment: Attachment) -> Exchange[Content]:
    """Return the bytes of an attachment; see `FetchesFiles.fetch`."""
    if not attachment.ref:
        raise RefusedError(Refusal.BAD_FILE, "Telegram named no file to ask for")
    response = yield methods.call(
        settings,
        "getFile",
        {"file_id": attachment.ref},
        repeatable=True,
        paces=methods.bot_paces(settings),
    )
    path = _path_in(result_of(response))
    response = yield methods.download(settings, path)
    return _typed(_content_of(response), attachment.media_type)


def _path_in(file: Any) -> str:
    """Return the path of a file as a URL takes it.

    Raises:
        RefusedError: the server keeps it where HTTP cannot reach it.
        RetryLaterError: there is none in the answer.
    """
    path = file.get("file_path") if isinstance(file, dict) else None
    if not isinstance(path, str) or not path or len(path) > _LONGEST_PATH:
        raise RetryLaterError("the server does not say where the file is")
    steps = path.split("/")
    # A server that runs with --local answers with a path of its own disk.
    if "\\" in path or ":" in steps[0] or {"", ".", ".."} & set(steps):
        raise RefusedError(
            Refusal.BAD_FILE, "the Bot API server runs with --local and hands out no files"
        )
    return quote(path, errors="replace")


def _content_of(response: HttpResponse) -> Content:
    """Return the body of a download.

    Raises:
        RefusedError: `Refusal.BAD_FILE` where the file is gone.
        RetryLaterError: it failed at the server, or it asks to wait.
    """
    if response.status in {400, 404, 410}:
        # A wrong token would have been told by the call before this one.
        raise RefusedError(
            Refusal.BAD_FILE, "the file is not there any more", status=response.status
        )
    content = response.check().content
    if content is None:
        raise RetryLaterError("the answer to a download has no body")
    return content


def _typed(content: Content, claimed: str | None) -> Content:
    """Return the content with the sender's word on its type where the server says none."""
    said = content.media_type.partition(";")[0].strip().lower()
    return evolve(content, media_type=claimed) if claimed and said in _UNSAID else content
