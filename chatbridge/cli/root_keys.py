"""`chatbridge keys add-root` and `keys retire-root`: which root keys open the storage."""

from __future__ import annotations

from pathlib import Path

import click

from chatbridge import (
    ConfigurationError,
    RootKey,
    root_key_from_environment,
    root_key_from_file,
    root_key_from_keyring,
)
from chatbridge.cli.display import may_ask
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.key_access import key_access
from chatbridge.root_changes import add_root as let_in
from chatbridge.root_changes import retire_root as lock_out
from chatbridge.root_changes import root_fingerprints


@click.command("add-root")
@click.option("--file", "path", type=click.Path(path_type=Path), help="File with the new root key.")
@click.option("--env", "variable", help="Environment variable with the new root key.")
@click.option("--keyring", "entry", help="Keyring entry SERVICE/USERNAME with the new root key.")
@pass_invocation
def add_root(
    invocation: Invocation, path: Path | None, variable: str | None, entry: str | None
) -> None:
    """Let one more root key open the storage. The present one goes on opening it.

    `chatbridge keys new` makes one. Records stay as they are, and running processes go on.
    """
    root = _given(path, variable, entry)
    with key_access(invocation) as access:
        added = let_in(access.storage, access.roots, root)
        names = ", ".join(root_fingerprints(access.storage, access.roots))
    click.echo(
        f"root key {root.fingerprint} {'now opens' if added else 'already opened'} the storage"
    )
    click.echo(f"these open it: {names}")
    if added:
        click.echo(
            "next: give every process the new key and start it again, then: "
            "chatbridge keys retire-root FINGERPRINT of the old one"
        )


@click.command("retire-root")
@click.argument("fingerprint")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def retire_root(invocation: Invocation, fingerprint: str, yes: bool) -> None:
    """Let a root key open the storage no more. `keys status` names it.

    Another one that opens it must be configured. A process that still has only the retired key
    stops to work within half a minute. Who had key and storage before has read what was in it; see
    docs/howto/rotate-keys.md.
    """
    with key_access(invocation) as access:
        if not yes and may_ask():
            click.confirm(f"Shall root key {fingerprint} open the storage no more?", abort=True)
        lock_out(access.storage, access.roots, fingerprint)
        names = ", ".join(root_fingerprints(access.storage, access.roots))
    click.echo(f"root key {fingerprint} opens the storage no more; these do: {names}")
    click.echo("backups that were made before still open with it: keep it as long as them")


def _given(path: Path | None, variable: str | None, entry: str | None) -> RootKey:
    given = [each for each in (path, variable, entry) if each]
    if len(given) != 1:
        raise click.UsageError("name the new root key by one of --file, --env and --keyring")
    if path:
        return root_key_from_file(path)
    if variable:
        return root_key_from_environment(variable)
    service, _, username = (entry or "").rpartition("/")
    if not service or not username:
        raise ConfigurationError("--keyring is SERVICE/USERNAME, as in chatbridge/root")
    return root_key_from_keyring(service, username)
