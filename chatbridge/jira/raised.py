"""Shows what stands above or below the line in plain characters, so that x² never becomes x2."""

from __future__ import annotations

_PLAIN = "0123456789+-=()"
_ABOVE = str.maketrans(_PLAIN + "ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_BELOW = str.maketrans(_PLAIN, "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


def above(text: str) -> str:
    """Return a text as it is shown above the line, "^(text)" where characters lack."""
    return _moved(text, _ABOVE, "^")


def below(text: str) -> str:
    """Return a text as it is shown below the line, "_(text)" where characters lack."""
    return _moved(text, _BELOW, "_")


def _moved(text: str, table: dict[int, int], sign: str) -> str:
    if not text.strip():
        return text
    if all(ord(character) in table for character in text):
        return text.translate(table)
    return f"{sign}{text}" if len(text) == 1 else f"{sign}({text})"
