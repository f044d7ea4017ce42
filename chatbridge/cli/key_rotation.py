"""`chatbridge keys rotate`: replaces the data key while all goes on, and shows how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from chatbridge import SystemClock
from chatbridge.cli.display import busy
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.key_access import key_access
from chatbridge.record_check import count_keys
from chatbridge.rotation import SETTLE, Rotation, Stage, rotate_token_key
from chatbridge.rotation import Progress as Step

_WORDS = {
    Stage.BEGUN: "a new key is made, and new records are sealed with it",
    Stage.RESUMED: "a rotation that was cut off goes on",
    Stage.SEALING: "sealing records anew",
    Stage.WAITING: f"waiting until no process uses the key before (at most {SETTLE:.0f} s)",
    Stage.DONE: "done",
}


@click.command()
@click.option(
    "--tokens",
    is_flag=True,
    help="Replace the key of buttons, quoted requests and webhook addresses, too; those made with "
    "the one before are still taken, until the next time.",
)
@pass_invocation
def rotate(invocation: Invocation, tokens: bool) -> None:
    """Replace the key of the records, and seal them anew. The old one is retired.

    The bridge may run meanwhile. It takes half a minute at least; if it is cut off, at any moment,
    nothing is lost: run it again, and it goes on.
    """
    with key_access(invocation) as access:
        with busy("counting records"):
            total = sum(count_keys(access.storage).by_kind.values())
        rotation = Rotation(access.storage, access.roots, SystemClock())
        done = _shown(rotation.run(), total)
        if tokens:
            _shown(rotate_token_key(access.storage, access.roots, SystemClock()), 0)
    click.echo(f"all {done.seen - done.unreadable} records are sealed with the new key; "
               f"{done.resealed} were sealed anew, the key before is gone")  # fmt: skip
    if done.unreadable:
        click.echo(
            f"{done.unreadable} records cannot be read with any key and stay as they are; see: "
            "chatbridge keys verify"
        )
    if tokens:
        click.echo("set webhooks again, one project after the other: chatbridge webhook set NAME")


def _shown(steps: Iterator[Step], total: int) -> Step:
    """Show each step, and return the last one."""
    last = Step(Stage.BEGUN)
    seen_by_somebody = sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not seen_by_somebody) as bar:
        task = bar.add_task("", total=total or None)
        for step in steps:
            if not seen_by_somebody and step.stage is not last.stage:
                click.echo(_WORDS[step.stage], err=True)
            bar.update(task, description=_WORDS[step.stage], completed=step.seen)
            last = step
    return last
