"""What a run of a suite found, as a value, and how it is shown: text, JSON and a badge.

Holds no path of the machine and nothing of the settings, so that it can be published.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import attrs
from attrs import frozen

_GREEN, _RED, _GREY = "#2e7d32", "#b3261e", "#555555"
_LETTER = 6.6
"""Width of a letter of the badge, in pixels; wide enough for every face that browsers choose."""


@frozen
class Failed:
    """One test that failed.

    Args:
        test: its name, parameters included.
        promise: the line that it stands for.
        reason: why, on one line.
    """

    test: str
    promise: str
    reason: str


@frozen(kw_only=True)
class Report:
    """What one run found.

    Args:
        subject: the adapter or storage.
        distribution: its package.
        version: of the package.
        kind: "adapter" or "storage".
        core: the version of chatbridge whose suite this is.
        api_version: of the adapter contract.
        day: of the run.
        passed: how many tests passed.
        skipped: reason -> how many tests stood for a promise that is not made.
        failed: the tests that failed.
    """

    subject: str
    distribution: str
    version: str
    kind: str
    core: str
    api_version: int
    day: date
    passed: int
    skipped: dict[str, int]
    failed: tuple[Failed, ...]

    @property
    def conforms(self) -> bool:
        """Whether every promise is kept."""
        return not self.failed and self.passed > 0

    def as_text(self) -> str:
        """Return it as lines."""
        head = (
            f"{self.distribution} {self.version}: {self.kind} {self.subject}, by the suite of "
            f"chatbridge {self.core} (adapter API {self.api_version}), {self.day.isoformat()}"
        )
        lines = [head, ""]
        for failed in self.failed:
            lines += [f"FAILED  {failed.test}", f"        {failed.promise}",
                      f"        {failed.reason}"]  # fmt: skip
        for reason, count in sorted(self.skipped.items()):
            lines.append(f"skipped {count:>4}: {reason}")
        verdict = "conforms" if self.conforms else "DOES NOT CONFORM"
        counts = f"{self.passed} passed, {len(self.failed)} failed"
        lines += ["", f"{verdict}: {counts}, {sum(self.skipped.values())} not promised"]
        return "\n".join(lines)

    def as_json(self) -> str:
        """Return it as one JSON object."""
        values: dict[str, Any] = attrs.asdict(self)
        values["day"] = self.day.isoformat()
        values["conforms"] = self.conforms
        return json.dumps(values, indent=2)

    def as_badge(self) -> str:
        """Return it as a small picture (SVG) for a README."""
        left = "chatbridge"
        right = "conforms" if self.conforms else f"{len(self.failed)} failed"
        right = f"{right} {self.day.isoformat()}"
        widths = [round(len(text) * _LETTER + 12) for text in (left, right)]
        whole = sum(widths)
        colour = _GREEN if self.conforms else _RED
        title = escape(f"{self.subject}: {right}")
        texts = "".join(
            f'<text x="{x}" y="14" textLength="{width - 12}">{escape(text)}</text>'
            for x, width, text in ((6, widths[0], left), (widths[0] + 6, widths[1], right))
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" '
            f'aria-label="{title}"><title>{title}</title>'
            f'<rect width="{whole}" height="20" rx="3" fill="{_GREY}"/>'
            f'<rect x="{widths[0]}" width="{widths[1]}" height="20" rx="3" fill="{colour}"/>'
            f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}'
            "</g></svg>\n"
        )
