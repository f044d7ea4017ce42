"""`Secret`: a string that does not show itself.

It has no readable repr, does not format, pickle, hash or compare; `reveal` is the only way out, so
every place that uses a secret can be found by searching for that word.
"""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Hold a token or password so that it cannot be shown by accident.

    Args:
        value: the secret text; must not be empty.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str) or not value:
            raise ValueError("a secret must be a text that is not empty")
        self._value = value

    def reveal(self) -> str:
        """Return the secret text."""
        return self._value

    def matches(self, candidate: str | bytes) -> bool:
        """Tell, in constant time, whether the candidate is this secret."""
        given = candidate if isinstance(candidate, bytes) else _encoded(candidate)
        return hmac.compare_digest(_encoded(self._value), given)

    def __repr__(self) -> str:
        return "Secret('…')"

    def __str__(self) -> str:
        return "…"

    def __format__(self, spec: str) -> str:
        raise TypeError("a Secret does not format; call reveal() where it is really needed")

    def __eq__(self, other: object) -> bool:
        raise TypeError("a Secret does not compare; use matches()")

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret does not pickle")


def _encoded(text: str) -> bytes:
    # Whatever anybody sends is compared, a lone surrogate too.
    return text.encode("utf-8", "surrogatepass")
