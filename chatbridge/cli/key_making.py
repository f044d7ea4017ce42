"""`chatbridge keys`: makes root keys."""

from __future__ import annotations

from pathlib import Path

import click

from chatbridge import new_root_key
from chatbridge.cli.new_files import write_new


@click.group()
def keys() -> None:
    """Make root keys."""


@keys.command()
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Write it into a new file that only you can read, instead of showing it.",
)
def new(path: Path | None) -> None:
    """Make a root key and show it.

    Keep a copy away from the storage and its backups: without the key the records are lost, with
    it they can be read.
    """
    if path is None:
        click.echo(new_root_key())
        return
    write_new(path, f"{new_root_key()}\n")
    click.echo(f"wrote {path}; keep a copy of it away from the storage and its backups")
