"""Takes out of a text what neither JSON, XML nor Jira can carry, and nothing else."""

from __future__ import annotations

import re

_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    r"""Return the text with line ends as \n, without control characters and half surrogates.

    A half of a surrogate pair becomes U+FFFD, so that its loss can be seen.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HALF_PAIR.sub("\ufffd", _UNWANTED.sub("", _LINE_END.sub("\n", text)))
