"""Reads chatbridge.toml and the environment, and opens the bridge that they describe.

An argument wins over the environment, the environment over the file, the file over the default.
Nothing is written here, and no value of a secret gets into an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs

from chatbridge.bridge import Bridge
from chatbridge.configuration_file import read_tables
from chatbridge.configuration_sections import (
    KeySettings,
    RunSettings,
    StorageSettings,
    WebSettings,
)
from chatbridge.configured_keys import configured_root_keys, lacks_root_key
from chatbridge.errors import ConfigurationError
from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.jira.site import SiteKind, SiteSettings
from chatbridge.keys import RootKey
from chatbridge.project import Timings
from chatbridge.secret import Secret
from chatbridge.setting_texts import value_from_text
from chatbridge.settings import structure

T = TypeVar("T")

DEFAULT_FILE: Final = "chatbridge.toml"


@attrs.frozen(kw_only=True)
class Configuration:
    """Everything that a bridge needs to be told.

    Args:
        path: of the file; places in it are relative to its folder.
        sites: the Jira sites.
        storage: where records are kept.
        keys: where the root key comes from.
        web: where webhooks arrive.
        run: how the work is done.
        timings: how long to wait for what.
        key_text: the root keys of the environment, or None.
    """

    path: Path
    sites: tuple[SiteSettings, ...]
    storage: StorageSettings
    keys: KeySettings
    web: WebSettings
    run: RunSettings
    timings: Timings
    key_text: Secret | None = attrs.field(default=None, repr=False)

    @property
    def storage_url(self) -> str:
        """The storage setting, an SQLite file's path made absolute."""
        scheme, _, rest = self.storage.url.partition(":")
        return f"{scheme}:{self._place(rest)}" if scheme == "sqlite" and rest else self.storage.url

    @property
    def ca_bundle(self) -> str | None:
        """Where the trusted authorities stand, as an absolute path; None: the usual ones.

        Raises:
            ConfigurationError: there is no such file.
        """
        if self.run.ca_bundle is None:
            return None
        place = self._place(self.run.ca_bundle)
        if not place.exists():
            raise ConfigurationError(
                f"[run] ca_bundle names {place}, and there is no such file; name one with the "
                "certificates of the authorities, or leave it out to trust the usual ones"
            )
        return str(place)

    def key_files(self) -> list[Path]:
        """Return the files that hold root keys where the environment has none."""
        if self.keys.keyring and not self.keys.files:
            return []
        return [self._place(name) for name in self.keys.files or (self.keys.file,)]

    def lacks_root_key(self) -> bool:
        """Tell whether none of the places that are named for a root key holds anything."""
        return self.key_text is None and lacks_root_key(self.keys, self.key_files())

    def root_keys_by_place(self) -> list[tuple[str, RootKey]]:
        """Return the root keys, each with the name of the place that it came from.

        Raises:
            ConfigurationError: there is none, or one is wrong.
        """
        return configured_root_keys(self.keys, self.key_text, self.key_files())

    def root_keys(self) -> list[RootKey]:
        """Return the root keys; errors as in `root_keys_by_place`."""
        return [root for _, root in self.root_keys_by_place()]

    def _place(self, name: str) -> Path:
        return (self.path.parent / Path(name).expanduser()).absolute()


SECTIONS: Final[Mapping[str, type[Any]]] = {
    "site": SiteSettings,
    "storage": StorageSettings,
    "keys": KeySettings,
    "web": WebSettings,
    "run": RunSettings,
    "timings": Timings,
}
"""The tables of chatbridge.toml; `[[site]]` may stand there several times."""


def read_configuration(
    path: str | os.PathLike[str] = DEFAULT_FILE,
    *,
    environment: Mapping[str, str] | None = None,
    arguments: Mapping[str, Mapping[str, Any]] | None = None,
    with_sites: bool = True,
) -> Configuration:
    """Return the configuration.

    Args:
        path: the file.
        environment: None: that of the process.
        arguments: what wins over everything else, by table and name; a None in it says nothing.
        with_sites: false leaves the sites out, for a look at the rest where they are wrong.

    Raises:
        ConfigurationError: the text names the place, the setting and the mend.
    """
    file = Path(path)
    known = os.environ if environment is None else environment
    tables = read_tables(file)
    unknown = sorted(set(tables) - set(SECTIONS))
    if unknown:
        raise ConfigurationError(
            f"{file}: does not know [{unknown[0]}] (known: {', '.join(SECTIONS)})"
        )
    made = {
        name: _section(file, f"[{name}]", schema, tables.get(name, {}), known, arguments or {})
        for name, schema in SECTIONS.items()
        if name != "site"
    }
    key_text = known.get(made["keys"].env)
    return Configuration(
        path=file,
        sites=_sites(file, tables.get("site", {}), known) if with_sites else (),
        key_text=Secret(key_text) if key_text else None,
        **made,
    )


def open_bridge(configuration: Configuration, **overrides: Any) -> Bridge:
    """Return the bridge that is described; its storage is open, nothing runs.

    Args:
        configuration: as read.
        overrides: arguments of `Bridge` to use instead.

    Raises:
        ConfigurationError: a setting is wrong, or the key does not open the storage.
        StorageError: the storage cannot be opened.
    """
    given = {
        "storage": configuration.storage_url,
        "installation": configuration.storage.installation,
        "sites": [JiraDesk(site) for site in configuration.sites],
        "public_url": configuration.web.public_url,
        "workers": configuration.run.workers,
        "ca_bundle": configuration.ca_bundle,
        "timings": configuration.timings,
        **overrides,
    }
    if "root_keys" not in given:
        given["root_keys"] = configuration.root_keys()
    return Bridge(**given)


def _sites(file: Path, given: Any, environment: Mapping[str, str]) -> tuple[SiteSettings, ...]:
    tables = given if isinstance(given, list) else [given]
    made = []
    for table in tables:
        suffix = ""
        if len(tables) > 1:
            suffix = f"_{re.sub('[^A-Z0-9]', '_', _site_name(file, table).upper())}"
        made.append(_site(file, table, environment, suffix))
    if len({site.name for site in made}) < len(made):
        raise ConfigurationError(f"[[site]] in {file}: every site needs a name of its own")
    return tuple(made)


def _site_name(file: Path, table: Any) -> str:
    name = table.get("name") if isinstance(table, Mapping) else None
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"[[site]] in {file}: where there are several, each needs a name")
    return name


def _site(file: Path, table: Any, environment: Mapping[str, str], suffix: str) -> SiteSettings:
    where, values = _values(file, "[site]", SiteSettings, table, environment, suffix)
    if values.keys() - attrs.fields_dict(SiteSettings):
        # Says which names it does not know: one of them is likely what seems to be missing.
        structure(values, SiteSettings, where=where)
    if "url" not in values:
        raise ConfigurationError(
            f"{where}: url is missing; write the address of the Jira site, as in "
            'url = "https://acme.atlassian.net"'
        )
    kind = _kind(values, where)
    needed = [("token", _WITHOUT_CREDENTIAL[kind])]
    if kind is SiteKind.CLOUD:
        needed.append(("account", _WITHOUT_ACCOUNT))
    for name, about in needed:
        if name not in values:
            variable = attrs.fields_dict(SiteSettings)[name].metadata["env"] + suffix
            raise ConfigurationError(f"{where}: " + about.format(variable=variable, file=file))
    if kind is SiteKind.DATA_CENTER and "account" in values:
        raise ConfigurationError(f"{where}: {_ACCOUNT_TOO_MUCH}")
    return structure(values, SiteSettings, where=where)


def _kind(values: Mapping[str, Any], where: str) -> SiteKind:
    """Return which Jira it is; a credential counts for nothing here."""
    given = {name: values[name] for name in ("url", "kind") if name in values}
    site: SiteSettings = structure(given, SiteSettings, where=where)
    return site.known_kind


_ON_CLOUD: Final = "make an API token at id.atlassian.com > Security > API tokens"
_ON_DATA_CENTER: Final = (
    "make a personal access token in Jira (your picture > Profile > Personal access tokens)"
)
_PUT_IT: Final = (
    ' and put it into the environment variable {variable}, or write token = "..." and run: '
    "chmod 600 {file}"
)
_WITHOUT_CREDENTIAL: Final[Mapping[SiteKind, str]] = {
    SiteKind.CLOUD: f"its token is missing; {_ON_CLOUD}{_PUT_IT}",
    SiteKind.DATA_CENTER: f"its token is missing; {_ON_DATA_CENTER}{_PUT_IT}",
    SiteKind.AUTO: "its token is missing; "
    f"{_ON_CLOUD}, or, on Data Center, {_ON_DATA_CENTER},{_PUT_IT}",
}
_ACCOUNT_TOO_MUCH: Final = (
    "a Data Center takes no account with its token: leave account out, and let token be a personal "
    "access token"
)
_WITHOUT_ACCOUNT: Final = (
    "account is missing; write the e-mail address of the account whose token it is, or put it into "
    "the environment variable {variable}"
)


def _section(
    file: Path,
    title: str,
    schema: type[T],
    table: Any,
    environment: Mapping[str, str],
    arguments: Mapping[str, Mapping[str, Any]],
) -> T:
    where, values = _values(file, title, schema, table, environment)
    given = arguments.get(title.strip("[]"), {})
    values.update({name: value for name, value in given.items() if value is not None})
    return structure(values, schema, where=where)


def _values(
    file: Path,
    title: str,
    schema: type[Any],
    table: Any,
    environment: Mapping[str, str],
    suffix: str = "",
) -> tuple[str, dict[str, Any]]:
    """Return what errors call the place, and the table's values with the environment's over it."""
    where = f"{title} in {file}"
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{where}: must be a table: a line {title}, then name = value")
    values, used = dict(table), []
    for field in attrs.fields(schema):
        variable = field.metadata["env"] and field.metadata["env"] + suffix
        if not variable or not environment.get(variable):
            continue
        used.append(variable)
        try:
            values[field.name] = value_from_text(schema, field.name, environment[variable])
        except ValueError as error:
            raise ConfigurationError(f"the environment variable {variable} {error}") from None
    return where + (f" with {', '.join(used)} of the environment" if used else ""), values
