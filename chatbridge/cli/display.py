"""How the command line speaks: lines, tables, progress, logs; plain where nobody looks on.

Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from chatbridge import Finding

_WIDE = 1000
_COLOURS = {"ok": "green", "hint": "yellow", "problem": "red"}


def say_error(text: str) -> None:
    """Say in one line why something failed."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {text}", err=True)


def say_finding(finding: Finding) -> None:
    """Say what a check found, and what to do about it."""
    click.echo(
        f"{click.style(finding.level, fg=_COLOURS[finding.level])}  {finding.subject}: "
        f"{finding.text}"
    )
    if finding.mend:
        click.echo(f"    {'better' if finding.ok else 'to do'}: {finding.mend}")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Show rows below the names of their columns; nothing is cut off where nobody looks on."""
    seen = _on_terminal(sys.stdout)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    lines = Console(width=None if seen else _WIDE, markup=False, highlight=False)
    with lines.capture() as captured:
        lines.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show on a terminal that something takes its time."""
    with Console(stderr=True).status(what) if _on_terminal(sys.stderr) else _nothing():
        yield


def count_up(what: str, counts: Iterable[int]) -> int:
    """Show on a terminal how far a counting work is; return the last count."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}"))
    last = 0
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        disable=not _on_terminal(sys.stderr),
    ) as progress:
        task = progress.add_task(what, total=None)
        for last in counts:
            progress.update(task, completed=last)
    return last


def may_ask() -> bool:
    """Tell whether somebody sits there to answer a question."""
    return _on_terminal(sys.stdin)


@contextmanager
def logs_to_stderr(level: int = logging.WARNING) -> Iterator[None]:
    """Show what the library logs, from a level on."""
    log, shown = logging.getLogger("chatbridge"), _Lines()
    before = log.level
    log.addHandler(shown)
    log.setLevel(level)
    try:
        yield
    finally:
        log.removeHandler(shown)
        log.setLevel(before)


class _Lines(logging.Handler):
    """Writes to what is standard error at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        # A full disk or a closed pipe under the log must not end what it tells of.
        with suppress(OSError, ValueError):
            click.echo(self.format(record), err=True)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _on_terminal(stream: object) -> bool:
    ask = getattr(stream, "isatty", None)
    return bool(ask and ask())
