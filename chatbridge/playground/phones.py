"""The phones of the playground: one for each customer, with a chat of their own on a platform."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, Final

from attrs import field, frozen

from chatbridge.playground.platforms import Platform

MOST_CUSTOMERS: Final = 4
"""Customers on one platform; the page has room for so many."""

_PEOPLE: Final = (
    "Olena", "Petro", "Jana", "Tomas", "Maria", "Ivan", "Oksana", "Pavel", "Lenka", "Andriy",
    "Eva", "Milan",
)  # fmt: skip
"""Who has the phones, in this order."""


@frozen
class Phone:
    """One customer's phone.

    Args:
        platform: on which the chat is.
        customer: counts the customers of the platform, from 1.
        person: who has the phone.
        chat: as the simulator's actions take it.
    """

    platform: Platform
    customer: int
    person: str
    chat: Any = field(repr=False)

    @property
    def name(self) -> str:
        """What tells it from the other phones."""
        return f"{self.platform.name}/{self.customer}"

    def does(self, action: str, **more: Any) -> Any:
        """Let the person do something; see `Simulator.control`."""
        given = {"chat": self.chat, "name": self.person, **more}
        return self.platform.simulator.control(action, given)


class Phones:
    """All phones, those of a platform beside each other.

    Args:
        platforms: each gets one phone to begin with.
    """

    def __init__(self, platforms: Iterable[Platform]) -> None:
        self._phones: dict[str, list[Phone]] = {}
        self._names = count()
        for platform in platforms:
            self._phones[platform.name] = [self._new(platform, 1)]

    def __iter__(self) -> Iterator[Phone]:
        for phones in self._phones.values():
            yield from phones

    def of(self, platform: str) -> tuple[Phone, ...]:
        """Return the phones of a platform; none where there is no such platform."""
        return tuple(self._phones.get(platform, ()))

    def find(self, platform: str, customer: int = 1) -> Phone:
        """Return a phone.

        Raises:
            LookupError: there is none.
        """
        for phone in self.of(platform):
            if phone.customer == customer:
                return phone
        raise LookupError("there is no such phone")

    def may_grow(self, platform: str) -> bool:
        """Tell whether the platform may have one more customer."""
        return 0 < len(self.of(platform)) < MOST_CUSTOMERS

    def add(self, platform: str) -> None:
        """Give the platform one more customer.

        Raises:
            LookupError: there is no such platform.
            ValueError: it has as many as it may have.
        """
        first = self.find(platform)
        if not self.may_grow(platform):
            raise ValueError(f"a platform has at most {MOST_CUSTOMERS} customers here")
        phones = self._phones[platform]
        phones.append(self._new(first.platform, len(phones) + 1))

    def _new(self, platform: Platform, customer: int) -> Phone:
        person = _PEOPLE[next(self._names) % len(_PEOPLE)]
        return Phone(platform, customer, person, _chat(platform.case.chat, customer))


def _chat(first: Any, customer: int) -> Any:
    """Return the chat of a platform's n-th customer, in the form that its first one has."""
    if customer == 1:
        return first
    if isinstance(first, int):
        return first + customer - 1
    # The form of an id is the platform's secret; a digit for its first letter or digit keeps it.
    others = (re.sub(r"[A-Za-z0-9]", digit, str(first), count=1) for digit in "123456789")
    return [other for other in others if other != first][customer - 2]
