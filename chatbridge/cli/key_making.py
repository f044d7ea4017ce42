"""`chatbridge keys new` and `keys init`: make a root key, and set an empty storage up with it."""

from __future__ import annotations

from pathlib import Path

import click

from chatbridge import ConfigurationError, Plugins, new_root_key
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.key_access import key_access, key_configuration
from chatbridge.cli.new_files import write_new
from chatbridge.keyset_record import KEYSET_KEY, open_sealer


@click.command()
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


@click.command()
@pass_invocation
def init(invocation: Invocation) -> None:
    """Set an empty storage up. It takes the configured root key, or a new one.

    A storage that is set up stays as it is; then this only tells whether the root key opens it.
    """
    configuration = key_configuration(invocation)
    if configuration.lacks_root_key():
        with Plugins().open_storage(configuration.storage_url) as storage:
            if storage.get(KEYSET_KEY) is not None:
                raise ConfigurationError(
                    "the storage was set up with a root key that is not here; put that one back: "
                    "a new one would not open it"
                )
        path = configuration.key_files()[0]
        write_new(path, f"{new_root_key()}\n")
        click.echo(f"wrote {path}; keep a copy of it away from the storage and its backups")
    with key_access(invocation) as access:
        known = access.storage.get(KEYSET_KEY) is not None
        open_sealer(access.storage, access.roots)
    names = ", ".join(root.fingerprint for root in access.roots)
    state = "was set up before, and opens" if known else "is set up"
    click.echo(f"the storage {state} with root key {names}")
