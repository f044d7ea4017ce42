"""Answers calls for files: with their bytes as they come from Jira, or with as good as nothing.

What goes out is never shown by a browser as a page of the host's, and never kept by a cache.
"""

from __future__ import annotations

import math
import re
from typing import Final
from urllib.parse import quote

from chatbridge import Bridge, RefusedError, RetryLaterError
from chatbridge.file_serving import ServedFile

FILE: Final = re.compile(r"/files/([A-Za-z0-9_-]{1,2048})/[^/]+")
"""The path of a file; its last segment is for those who go by endings and proves nothing."""

_WAIT: Final = 5.0


def file_response(
    bridge: Bridge, token: str, method: str
) -> tuple[int, list[tuple[str, str]], bytes | ServedFile]:
    """Return status, header fields and body of the answer to GET or HEAD.

    Args:
        bridge: whose file.
        token: from the path.
        method: the verb.
    """
    try:
        served = bridge.open_file(token, head=method == "HEAD")
    except RefusedError:
        return 404, [], b""
    except RetryLaterError as error:
        seconds = math.ceil(error.retry_after or _WAIT)
        return 503, [("Retry-After", str(seconds))], b""
    return 200, _fields(served), served


def _fields(served: ServedFile) -> list[tuple[str, str]]:
    return [
        ("Content-Type", served.media_type),
        ("Content-Disposition", disposition(served.name)),
        ("Cache-Control", "private, no-store"),
        ("X-Content-Type-Options", "nosniff"),
        # What an agent attached may be a page; it must not speak for the host.
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("Referrer-Policy", "no-referrer"),
        ("Accept-Ranges", "none"),
    ]


def disposition(name: str) -> str:
    """Return the field that names a download, for old programs in ASCII (RFC 6266).

    Args:
        name: from `safe_name`, so without quotes and line breaks.
    """
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
