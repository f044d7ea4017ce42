"""Reads chatbridge.toml as tables; says where it is broken, or that others can read it.

No line of the file gets into an error, since a token may stand there.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatbridge.errors import ConfigurationError
from chatbridge.jira.site import SiteSettings
from chatbridge.settings import secret_settings


def read_tables(file: Path) -> dict[str, Any]:
    """Return the tables of the file, as TOML has them.

    Raises:
        ConfigurationError: it cannot be read, is no TOML, or holds a token and others than its
            owner can read it.
    """
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read().decode()
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no {file} here; run: chatbridge init (or name another file with -c)"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8 text; save it as UTF-8") from None
    tables, trouble = _parsed(text)
    if trouble:
        # Raised without a cause: the parser's own error carries the whole text.
        raise ConfigurationError(_explain(file, trouble, text))
    if _holds_secret(tables) and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(
            f"{file} holds a token and is open to others than its owner; run: chmod 600 {file}"
        )
    return tables


def _parsed(text: str) -> tuple[dict[str, Any], str]:
    """Return the tables, or what the parser says is wrong."""
    try:
        return tomllib.loads(text), ""
    except tomllib.TOMLDecodeError as error:
        return {}, str(error)
    except ValueError:
        # Python's own limit; its text would name nothing that helps.
        return {}, "a number has thousands of digits"
    except RecursionError:
        return {}, "a value is nested too deeply"


def _explain(file: Path, trouble: str, text: str) -> str:
    found = re.search(r"at line (\d+)", trouble)
    line = int(found[1]) if found else len(text.splitlines())
    what = trouble.partition(" (at ")[0]
    return (
        f'{file}, line {line}: this is no TOML ({what}); a line looks like name = "text" or '
        "name = 5, a table begins with its [name]; mend that line, or move the file away and "
        "run: chatbridge init"
    )


def _holds_secret(tables: Mapping[str, Any]) -> bool:
    secrets = secret_settings(SiteSettings)
    sites = tables.get("site", {})
    return any(
        secrets & set(site)
        for site in (sites if isinstance(sites, list) else [sites])
        if isinstance(site, Mapping)
    )
