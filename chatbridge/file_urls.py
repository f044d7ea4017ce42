"""Makes and reads the addresses under which a file of a public comment can be had for a while.

An address names its file in a sealed token that says nothing to anybody else, and proves nothing
but that this bridge once made it: whoever serves the file asks again whether it may be shown.
"""

from __future__ import annotations

import base64
import json
import math
import re
from functools import cache
from mimetypes import MimeTypes
from typing import Final
from urllib.parse import quote

from attrs import field, frozen

from chatbridge.clock import Clock
from chatbridge.desk import CommentFile
from chatbridge.errors import SealedValueError
from chatbridge.filenames import safe_name
from chatbridge.links import Link
from chatbridge.sealing import Sealer

LIFETIME: Final = 3600.0
"""Seconds for which an address is good; platforms do not say when and how often they fetch."""

_PURPOSE: Final = "file address 1"
"""What a token is bound to; with the version of what it holds."""
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_ANY: Final = "application/octet-stream"
_PREFERRED: Final = {"image/jpeg": ".jpg", "audio/ogg": ".ogg", "image/webp": ".webp"}


@frozen
class FileTicket:
    """Which file an address names; whether it may be shown is for others to say.

    Args:
        site: the Jira site.
        issue_id: the request.
        comment_id: the comment that has the file.
        file_id: the file.
        expires: Unix seconds.
    """

    site: str
    issue_id: str
    comment_id: str
    file_id: str
    expires: int


@frozen
class FileUrls:
    """Makes addresses and reads their tokens.

    Args:
        public_url: under which the host serves the bridge's web app, or None where it does not.
        sealer: seals the tokens.
        clock: the time.
        lifetime: seconds for which an address is good.
    """

    public_url: str | None
    sealer: Sealer = field(repr=False)
    clock: Clock = field(repr=False)
    lifetime: float = LIFETIME

    def url(self, link: Link, comment_id: str, file: CommentFile) -> str | None:
        """Return an address for a file of a comment, None where the host has no public URL.

        It ends in the file's name, with an ending that fits its type, since platforms go by that.

        Args:
            link: of the request.
            comment_id: the comment that shows it.
            file: as the customer API names it.
        """
        if self.public_url is None:
            return None
        expires = math.ceil(self.clock.time() + self.lifetime)
        ticket = [link.site, link.issue_id, comment_id, file.file_id, expires]
        plain = json.dumps(ticket, separators=(",", ":")).encode()
        token = _encoded(self.sealer.seal_token(_PURPOSE, plain))
        return f"{self.public_url.rstrip('/')}/files/{token}/{quote(name_of(file), safe='')}"

    def read(self, token: str) -> FileTicket | None:
        """Return which file a token names; None where it is forged, damaged or too old.

        Args:
            token: from the path of an address; anything.
        """
        sealed = _decoded(token)
        if sealed is None:
            return None
        try:
            plain = self.sealer.unseal_token(_PURPOSE, sealed)
        except SealedValueError:
            return None
        ticket = FileTicket(*json.loads(plain))
        return ticket if self.clock.time() < ticket.expires else None


def name_of(file: CommentFile) -> str:
    """Return the safe name of a file, with an ending that fits its type where one is known."""
    name = safe_name(file.name)
    media_type = type_of(file)
    ending = _PREFERRED.get(media_type) or _types().guess_extension(media_type) or ""
    fits = _types().guess_type(name)[0] == media_type or name.lower().endswith(ending)
    return name if fits or media_type == _ANY else safe_name(name + ending)


def type_of(file: CommentFile) -> str:
    """Return the media type of a file, without parameters and fit for a header field."""
    claimed = file.media_type.partition(";")[0].strip().lower()
    return claimed if _MEDIA_TYPE.fullmatch(claimed) else _ANY


@cache
def _types() -> MimeTypes:
    """Return the types that Python knows on every machine, without those of this one."""
    return MimeTypes()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(token: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    # A lenient reading would take one token in many spellings.
    return raw if _encoded(raw) == token else None
