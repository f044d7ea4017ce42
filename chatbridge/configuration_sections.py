"""The tables of chatbridge.toml that are about neither a site nor a project, as settings."""

from __future__ import annotations

import attrs

from chatbridge.keys import ROOT_KEY_VARIABLE
from chatbridge.settings import between, https_url, setting


@attrs.frozen
class StorageSettings:
    """`[storage]`: where records are kept."""

    url: str = setting(
        "sqlite:<file>, memory:, or the scheme of an installed storage plugin and its place",
        default="sqlite:chatbridge.db",
        env="CHATBRIDGE_STORAGE",
    )
    installation: str = setting(
        "name of what this storage belongs to, such as production; the storage keeps it, and a "
        "copy that is opened under another name, or none, is not worked on",
        default="",
        validator=attrs.validators.matches_re("[a-z0-9-]{0,40}"),
        env="CHATBRIDGE_INSTALLATION",
    )


@attrs.frozen
class KeySettings:
    """`[keys]`: where the root key comes from; the environment variable wins over the rest."""

    file: str = setting("file with the root key", default="chatbridge.key")
    files: tuple[str, ...] = setting(
        "several files instead of `file`, the newest key first; while a key is replaced", default=()
    )
    keyring: tuple[str, ...] = setting(
        "entries SERVICE/USERNAME of the system's keyring instead of `file`; beside `files` both "
        "count",
        default=(),
    )
    env: str = setting(
        "environment variable that may hold the root key, or several, the newest first",
        default=ROOT_KEY_VARIABLE,
    )


@attrs.frozen
class WebSettings:
    """`[web]`: where webhooks arrive."""

    public_url: str | None = setting(
        "https URL under which others reach the web app; needed for webhooks, not for polling",
        default=None,
        validator=attrs.validators.optional(https_url),
        env="CHATBRIDGE_PUBLIC_URL",
    )
    host: str = setting("address to listen on", default="127.0.0.1", env="CHATBRIDGE_HOST")
    port: int = setting(
        "port to listen on; 0 takes a free one",
        default=8080,
        validator=between(0, 65535),
        env="CHATBRIDGE_PORT",
    )


@attrs.frozen
class RunSettings:
    """`[run]`: how the work is done."""

    workers: int = setting(
        "threads that carry messages",
        default=16,
        validator=between(1, 256),
        env="CHATBRIDGE_WORKERS",
    )
    ca_bundle: str | None = setting(
        "file of certificate authorities that are trusted instead of the usual ones; for a Jira "
        "behind a company's own",
        default=None,
        env="CHATBRIDGE_CA_BUNDLE",
    )
