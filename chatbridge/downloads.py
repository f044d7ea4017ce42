"""Reading answers: never more bytes than allowed, never past the deadline, never half as whole.

A body that the far side encoded although it was not asked to is decoded in small steps, and the
limit counts decoded bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator

import urllib3

from chatbridge.content import Content
from chatbridge.deadlines import Watch, Watchdog
from chatbridge.errors import ContentError

_STEP = 64 * 1024


class UnfinishedBody(Exception):  # noqa: N818 - a state, turned into an outcome by the transport
    """The answer's body ended early, or was larger than allowed."""


def read_whole(raw: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    """Return the body of an answer; its connection is free afterwards.

    Args:
        raw: the answer.
        limit: the most bytes that may come.

    Raises:
        UnfinishedBody: there were more, or fewer than the answer said.
    """
    encoded = is_encoded(raw)
    announced = raw.length_remaining or 0
    if announced > limit:
        raise UnfinishedBody
    step = _STEP if encoded else announced or _STEP
    chunks: list[bytes] = []
    size = 0
    while True:
        chunk = raw.read(step, decode_content=encoded)
        size += len(chunk)
        if size > limit:
            raise UnfinishedBody
        chunks.append(chunk)
        # urllib3 raises where fewer bytes came than Content-Length said, but only when asked again.
        if not chunk or (not encoded and raw.length_remaining == 0):
            break
        step = _STEP
    raw.release_conn()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def is_encoded(raw: urllib3.BaseHTTPResponse) -> bool:
    """Tell whether the body is encoded, which nobody asked for."""
    return raw.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")


def as_content(
    raw: urllib3.BaseHTTPResponse, limit: int, *, dog: Watchdog, watch: Watch
) -> Content:
    """Return the body of an answer as a stream that is read while the call's watch runs.

    Args:
        raw: the answer; its connection is closed when the stream is dropped unread.
        limit: the most bytes that may come.
        dog: the watchdog.
        watch: its watch over the call; the stream ends it.
    """
    download = _Download(raw, limit, dog, watch)
    length = None if is_encoded(raw) else raw.length_remaining
    media_type = raw.headers.get("Content-Type", "application/octet-stream")
    return Content(length, download.open, media_type)


class _Download:
    """A stream that can be read once; see `Content`."""

    def __init__(
        self, raw: urllib3.BaseHTTPResponse, limit: int, dog: Watchdog, watch: Watch
    ) -> None:
        self._raw: urllib3.BaseHTTPResponse | None = raw
        self._encoded = is_encoded(raw)
        self._left = limit
        self._dog = dog
        self._watch = watch
        self._opened = False

    @contextlib.contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """Return the bytes in pieces; see `Content.open`.

        Raises:
            ContentError: when it is opened a second time; while it is read, when the body is too
                large, incomplete or late.
        """
        if self._opened:
            raise ContentError("a download can be read only once; ask for it again")
        self._opened = True
        chunks = self._chunks()
        try:
            yield chunks
        finally:
            chunks.close()
            self._end()

    def _chunks(self) -> Generator[bytes, None, None]:
        while (chunk := self._next()) != b"":
            if chunk is None:
                self._end()
                raise ContentError("a download was too large, too slow or incomplete")
            yield chunk

    def _next(self) -> bytes | None:
        """Return a piece, b"" at the end, or None where the download failed."""
        raw = self._raw
        if raw is None or self._watch.expired:
            return None
        try:
            chunk = raw.read(_STEP, decode_content=self._encoded)
        except Exception:  # noqa: BLE001 - any failure to read has this one meaning
            return None
        self._left -= len(chunk)
        if self._left < 0 or self._watch.expired:
            return None
        if not chunk:
            return b"" if self._dog.finish(self._watch) else None
        return chunk

    def _end(self) -> None:
        raw, self._raw = self._raw, None
        if raw is not None:
            self._dog.finish(self._watch)
            # Closes the connection unless the body was read to its end, when it is back in its
            # pool already.
            raw.close()
