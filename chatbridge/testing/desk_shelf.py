"""The files that a simulated desk holds."""

from __future__ import annotations

import random

from attrs import field, frozen

from chatbridge.clock import Clock
from chatbridge.testing.desk_people import Person


@frozen(kw_only=True)
class SimulatedFile:
    """A file as the database has it."""

    file_id: str
    media_id: str
    name: str
    media_type: str
    data: bytes = field(repr=False)
    author: Person
    created: int

    @property
    def is_image(self) -> bool:
        """Whether Jira shows it in the text."""
        return self.media_type.startswith("image/")


class FileShelf:
    """Makes files and the tickets of those that are put aside.

    Args:
        clock: where times come from.
        randomness: of ids.
    """

    def __init__(self, clock: Clock, randomness: random.Random) -> None:
        self._clock = clock
        self._random = randomness
        self._last_id = 40_000

    def new_file(self, author: Person, name: str, media_type: str, data: bytes) -> SimulatedFile:
        """Return a new file, which belongs to no comment yet."""
        self._last_id += 1
        return SimulatedFile(
            file_id=str(self._last_id),
            media_id=f"{self._random.getrandbits(128):032x}",
            name=name,
            media_type=media_type,
            data=data,
            author=author,
            created=int(self._clock.time() * 1000),
        )

    def new_ticket(self) -> str:
        """Return a name for a file that was put aside."""
        return f"temp{self._random.getrandbits(60)}"
