"""multipart/form-data bodies (RFC 7578) as segments: bytes, and streams that are not opened here.

Nothing is copied into one big body; what a stream holds is read only while it is written out.
"""

from __future__ import annotations

import secrets

from chatbridge.content import Content
from chatbridge.http_types import FormPart

Segment = bytes | Content

_DEFAULT_FILE_TYPE = "application/octet-stream"


def multipart(
    parts: tuple[FormPart, ...], boundary: str | None = None
) -> tuple[str, tuple[Segment, ...]]:
    """Return the content type of a form and the segments of its body.

    Args:
        parts: in the order in which they are written.
        boundary: what separates them; None: 128 random bits, so that no content can hold it.
    """
    boundary = boundary or secrets.token_hex(16)
    segments: list[Segment] = []
    pending = bytearray()
    for part in parts:
        pending += _heading(part, boundary)
        if isinstance(part.value, Content):
            segments += [bytes(pending), part.value]
            pending.clear()
        else:
            value = part.value
            # A text may hold half of a surrogate pair, which UTF-8 cannot say.
            pending += value.encode("utf-8", "replace") if isinstance(value, str) else value
        pending += b"\r\n"
    pending += f"--{boundary}--\r\n".encode()
    segments.append(bytes(pending))
    return f"multipart/form-data; boundary={boundary}", tuple(segments)


def _heading(part: FormPart, boundary: str) -> bytes:
    lines = [f"--{boundary}", f'Content-Disposition: form-data; name="{_quoted(part.name)}"']
    if part.filename is not None:
        # Plain UTF-8 and "%22", as browsers do (WHATWG HTML, multipart form data); the RFC 5987
        # form `filename*=` is forbidden here by RFC 7578.
        lines[1] += f'; filename="{_quoted(part.filename)}"'
    media_type = _media_type(part)
    if media_type is not None:
        lines.append(f"Content-Type: {media_type}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _quoted(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").replace('"', "%22")


def _media_type(part: FormPart) -> str | None:
    claimed = part.media_type
    if claimed is None and isinstance(part.value, Content):
        claimed = part.value.media_type
    if claimed is None:
        return _DEFAULT_FILE_TYPE if part.filename is not None else None
    # It is somebody's claim: what could end the line or the headers is not repeated.
    return claimed if claimed.isascii() and claimed.isprintable() else _DEFAULT_FILE_TYPE
