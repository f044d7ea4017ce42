"""`chatbridge keys`: the group of all commands about root keys and the keys they open."""

from __future__ import annotations

import click

from chatbridge.cli.key_making import init, new
from chatbridge.cli.key_report import status, verify
from chatbridge.cli.key_rotation import rotate
from chatbridge.cli.root_keys import add_root, retire_root


@click.group()
def keys() -> None:
    """Make, look at, check and replace keys."""


for _command in (new, init, status, rotate, add_root, retire_root, verify):
    keys.add_command(_command)
