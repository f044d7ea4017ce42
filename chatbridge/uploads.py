"""The body of a request: small ones as bytes, streams written while their source is read.

A source that fails, or yields another number of bytes than it promised, never leaves a request on
the network that the far side could take for whole.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

from attrs import frozen

from chatbridge.content import Content
from chatbridge.errors import ConfigurationError, ContentError
from chatbridge.http_types import HttpRequest
from chatbridge.multipart import Segment, multipart


@frozen(repr=False)
class Body:
    """What is written after the headers.

    Args:
        data: bytes, a stream of them, or None for no body.
        media_type: its Content-Type, or None.
        length: how many bytes; None where a source does not say (it is sent in chunks then).
    """

    data: bytes | Upload | None = None
    media_type: str | None = None
    length: int | None = None


class Upload:
    """A body of several segments, written while their sources are read. Can be read once.

    Args:
        segments: bytes, and streams opened in their turn.
    """

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        self._segments = segments
        self._chunks = self._read()

    @property
    def length(self) -> int | None:
        """The number of bytes, or None where a source does not say."""
        total = 0
        for segment in self._segments:
            length = segment.length if isinstance(segment, Content) else len(segment)
            if length is None:
                return None
            total += length
        return total

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the source that is open."""
        self._chunks.close()

    def _read(self) -> Generator[bytes, None, None]:
        for segment in self._segments:
            if isinstance(segment, Content):
                yield from _read_source(segment)
            elif segment:
                yield segment


def _read_source(content: Content) -> Iterator[bytes]:
    """Yield the bytes of a source, the last ones only once it has proved whole.

    Raises:
        ContentError: it failed, or its length was wrong.
    """
    count, held = 0, b""
    failed = True
    try:
        with content.open() as chunks:
            for chunk in chunks:
                count += len(chunk)
                if content.length is not None and count > content.length:
                    break
                # With a Content-Length the far side takes the request for whole at its last byte,
                # so that one waits until the source has ended well.
                if held:
                    yield held
                held = bytes(chunk)
        failed = False
    except Exception:  # noqa: BLE001, S110 - whatever a source raises, the upload did not happen
        pass
    if failed:
        raise ContentError("the source of an upload failed")
    if content.length is not None and count != content.length:
        raise ContentError("the source of an upload was longer or shorter than it said")
    if held:
        yield held


def body_of(request: HttpRequest) -> Body:
    """Return the body of a request.

    Raises:
        ConfigurationError: it names two bodies, or a JSON value that JSON cannot hold.
    """
    given = (request.json is not None, request.parts is not None, request.body is not None)
    if sum(given) > 1:
        raise ConfigurationError("a request may have json, parts or a body, not two of them")
    if request.json is not None:
        data = _json_bytes(request.json)
        return Body(data, "application/json", len(data))
    if request.parts is not None:
        media_type, segments = multipart(request.parts)
        if len(segments) == 1 and isinstance(segments[0], bytes):
            return Body(segments[0], media_type, len(segments[0]))
        upload = Upload(segments)
        return Body(upload, media_type, upload.length)
    if isinstance(request.body, Content):
        upload = Upload((request.body,))
        return Body(upload, request.body.media_type, upload.length)
    if request.body is not None:
        return Body(request.body, None, len(request.body))
    return Body()


def _json_bytes(value: Any) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        try:
            return text.encode()
        except UnicodeEncodeError:
            # Half of a surrogate pair: escaped it is valid JSON, and the text stays deliverable.
            return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        pass
    raise ConfigurationError("a request's json value cannot be written as JSON")


# Written by the transport alone: two readings of where a body ends are how requests are smuggled.
_FRAMING = frozenset({"content-length", "transfer-encoding", "host", "connection"})


def headers_of(request: HttpRequest, body: Body, user_agent: str) -> dict[str, str]:
    """Return the header fields to send; those of the request win over ours.

    Raises:
        ConfigurationError: the request sets one that says where a body ends.
    """
    ours = {
        "user-agent": ("User-Agent", user_agent),
        # Answers are small and files are compressed already: not worth a decoder's attack surface,
        # and a limit of bytes on the wire is then one of memory.
        "accept-encoding": ("Accept-Encoding", "identity"),
    }
    if body.media_type is not None:
        ours["content-type"] = ("Content-Type", body.media_type)
    if body.length is not None:
        ours["content-length"] = ("Content-Length", str(body.length))
    for name, value in request.headers.items():
        if name.lower() in _FRAMING:
            raise ConfigurationError("a request must not set headers that frame its body")
        ours[name.lower()] = (name, value)
    return dict(ours.values())


def own_user_agent() -> str:
    """Return the User-Agent of this library, its version as installed."""
    # Reading distributions costs a third of importing requests: not at import.
    from importlib import metadata

    try:
        return f"chatbridge/{metadata.version('chatbridge-jsm')}"
    except metadata.PackageNotFoundError:
        return "chatbridge"
