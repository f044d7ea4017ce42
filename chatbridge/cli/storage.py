"""`chatbridge storage`: what to do about the storage as a whole."""

from __future__ import annotations

import click

from chatbridge.cli.display import busy
from chatbridge.cli.invocation import Invocation, pass_invocation


@click.group()
def storage() -> None:
    """Care for the storage."""


@storage.command()
@pass_invocation
def restored(invocation: Invocation) -> None:
    """Tell that the storage came from a backup. Do it before the next run.

    A backup does not know what was sent after it was made. The comments that are in Jira now are
    taken as known, so that customers do not get them twice.
    """
    with invocation.bridge() as bridge, busy("taking present comments as known"):
        count = bridge.links.storage_restored()
    click.echo(f"links that go on: {count}; comments that are in Jira now will not be sent")


@storage.command()
@pass_invocation
def adopt(invocation: Invocation) -> None:
    """Let the storage belong to this installation from now on.

    For a storage that has the name of another one ([storage] installation). Stop that one first:
    two copies of a storage send every answer twice.
    """
    with invocation.bridge() as bridge:
        bridge.adopt_storage()
    click.echo("the storage belongs to this installation now")
