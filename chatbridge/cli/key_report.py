"""`chatbridge keys status` and `keys verify`: look at keys and records, and change nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import click

from chatbridge import ConfigurationError
from chatbridge.cli.display import busy, say_error, show_table
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.key_access import KeyAccess, key_access
from chatbridge.configuration import read_configuration
from chatbridge.keyset_record import KeptKeyset, open_sealer, read_keyset
from chatbridge.keyset_wrapping import fingerprints
from chatbridge.record_check import KeyCount, KindReport, check_records, count_keys
from chatbridge.rotation import is_unfinished
from chatbridge.vault import Vault

_DAY = 86400


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_invocation
def status(invocation: Invocation, as_json: bool) -> None:
    """Show the keys, their age, and how many records are under each."""
    with key_access(invocation) as access:
        kept = read_keyset(access.storage, access.roots)
        with busy("counting records"):
            count = count_keys(access.storage)
    told = _told(access, kept, count)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    click.echo("root keys, by fingerprint:")
    _show(told["root_keys"])
    click.echo("\ndata keys, by id:")
    _show(told["data_keys"])
    click.echo("\nrecords:")
    _show([{"kind": kind, "records": number} for kind, number in told["records"].items()])
    if told["rotation_unfinished"]:
        click.echo("\na rotation was cut off; finish it: chatbridge keys rotate")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_invocation
def verify(invocation: Invocation, as_json: bool) -> None:
    """Unseal every record. Exit with 0 only if each belongs where it stands.

    Nothing is changed, and it may run beside a running bridge.
    """
    reports: dict[str, KindReport] = {}
    with key_access(invocation) as access:
        read_keyset(access.storage, access.roots)
        vault = Vault(access.storage, open_sealer(access.storage, access.roots))
        with busy("unsealing records"):
            for report in check_records(vault, _sites(invocation)):
                reports[report.kind] = report
    rows = [
        {
            "kind": each.kind,
            "records": each.seen,
            "sound": each.sound,
            "damaged": each.damaged,
            "newer": each.newer,
            "strange_site": each.strange_site,
        }
        for each in reports.values()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _show(rows)
    if not all(each.is_well for each in reports.values()):
        say_error(_mend(reports.values()))
        raise click.exceptions.Exit(1)


def _mend(reports: Iterable[KindReport]) -> str:
    found = list(reports)
    mends = []
    if number := sum(each.damaged for each in found):
        mends.append(f"{number} records cannot be read; restore the storage from a backup")
    if number := sum(each.newer for each in found):
        mends.append(f"{number} records are of a newer version; update this installation")
    if number := sum(each.strange_site for each in found):
        mends.append(f"{number} records are of a Jira site that is not configured here")
    return "; ".join(mends)


def _sites(invocation: Invocation) -> list[str] | None:
    """Return the names of the configured sites, None where the configuration of them is wrong."""
    try:
        return [site.name for site in read_configuration(invocation.config).sites]
    except ConfigurationError:
        return None


def _told(access: KeyAccess, kept: KeptKeyset, count: KeyCount) -> dict[str, Any]:
    keyset = kept.keyset
    known = fingerprints(kept.blob)
    places = {root.fingerprint: place for place, root in access.by_place}
    root_keys = [
        {"root_key": each, "opens": each in known, "given_by": places.get(each, "not given here")}
        for each in dict.fromkeys((*known, *places))
    ]
    data_keys: list[dict[str, Any]] = [
        {
            "data_key": _named(key_id),
            "state": "current" if key_id == keyset.current else "to be retired",
            "days": _days(keyset.made.get(key_id)),
            "records": count.by_key.get(key_id, 0),
        }
        for key_id in keyset.data_keys
    ]
    data_keys += [
        {"data_key": _named(key_id), "state": "not in the keyset", "days": None, "records": number}
        for key_id, number in count.by_key.items()
        if key_id not in keyset.data_keys
    ]
    return {
        "root_keys": root_keys,
        "data_keys": data_keys,
        "records": dict(count.by_kind),
        "rotation_unfinished": is_unfinished(keyset),
    }


def _days(made: int | None) -> int | None:
    return None if made is None else max(0, int(time.time() - made) // _DAY)


def _named(key_id: int | None) -> str:
    return "none" if key_id is None else f"{key_id:08x}"


def _show(rows: list[dict[str, Any]]) -> None:
    if rows:
        columns = [name.replace("_", " ").upper() for name in rows[0]]
        show_table(columns, [[_cell(value) for value in row.values()] for row in rows])
    else:
        click.echo("none")


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "?" if value is None else value
