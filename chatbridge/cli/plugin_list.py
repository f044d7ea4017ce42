"""`chatbridge plugins`: shows which adapters and storages are installed."""

from __future__ import annotations

import json

import attrs
import click

from chatbridge import Plugins
from chatbridge.cli.display import show_table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def plugins(as_json: bool) -> None:
    """List the installed plugins. Those that cannot be used have the reason beside them.

    JSON tells more: API versions, capabilities, hooks and simulators. The environment variable
    CHATBRIDGE_PLUGINS says which plugins may be loaded: none, or names with commas between them.
    """
    found = Plugins().installed()
    if as_json:
        click.echo(json.dumps([attrs.asdict(plugin) for plugin in found], indent=2))
        return
    show_table(
        ("NAME", "PACKAGE", "ADAPTERS", "STORAGES", "STATE"),
        [
            (
                plugin.name,
                f"{plugin.distribution} {plugin.version}".strip(),
                ", ".join(plugin.adapters) or "-",
                ", ".join(plugin.storages) or "-",
                plugin.skipped or "ok",
            )
            for plugin in found
        ],
    )
