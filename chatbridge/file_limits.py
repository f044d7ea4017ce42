"""Holds a stream of bytes to a limit, whatever its source says of its length."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chatbridge.content import Content
from chatbridge.errors import ContentError, Refusal, RefusedError


class LimitedContent:
    """A stream that ends with an error at its limit.

    Args:
        content: the source.
        limit: the most bytes that may come.

    Raises:
        RefusedError: BAD_FILE where the source says that there are more.
    """

    def __init__(self, content: Content, limit: int) -> None:
        if content.length is not None and content.length > limit:
            # Nobody will read it: opened and closed, so that its connection is free again.
            with content.open():
                pass
            raise RefusedError(Refusal.BAD_FILE, "the file is too large")
        self._source = content
        self._limit = limit
        self.exceeded = False
        """Whether more came than may; the error on the way is the transport's then."""
        self.content = Content(content.length, self._open, content.media_type)

    @contextmanager
    def _open(self) -> Iterator[Iterator[bytes]]:
        with self._source.open() as pieces:
            yield self._counted(pieces)

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        left = self._limit
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                self.exceeded = True
                raise ContentError("the file is too large")
            yield piece
