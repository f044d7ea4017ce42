"""`chatbridge new-adapter` and `new-storage`: write a package that is green on its first test run.

The packages are templates under `templates/`; nothing that exists is ever written over.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click

from chatbridge import Adapter, ConfigurationError
from chatbridge.capability_table import capability_table
from chatbridge.hookspecs import ENTRY_POINT_GROUP

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 32
_RESERVED = frozenset({"bridge", "chatbridge", "desk", "jira", "memory", "sqlite", "testing"})
_FIRST_CORE = "26.11.0.dev0"
"""The first version with the conformance suites."""
_TABLE_MARK = "@capabilities@"

_directory = click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it; by default a new folder named after the package.",
)


@click.command()
@click.argument("name")
@_directory
def new_adapter(name: str, directory: Path | None) -> None:
    """Write the package of a new adapter. Its simulator and its tests come with it.

    NAME is the platform's: lower-case letters, digits and _.
    """
    _write("adapter", name, directory)


@click.command()
@click.argument("name")
@_directory
def new_storage(name: str, directory: Path | None) -> None:
    """Write the package of a new storage, with its tests.

    NAME is the scheme in the storage setting: lower-case letters, digits and _.
    """
    _write("storage", name, directory)


def _write(kind: str, name: str, directory: Path | None) -> None:
    check_name(name)
    folder = directory or Path(f"chatbridge-{name.replace('_', '-')}")
    files = rendered(kind, name)
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder} exists and is not empty; give another folder with --directory"
        )
    try:
        for place, text in files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if kind == "adapter":
            _fill_in_capabilities(folder, name)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {len(files)} files to {folder}")
    click.echo(f"next: cd {folder} && pip install -e '.[test]' && pytest")


def check_name(name: str) -> None:
    """Return if a package can have this name.

    Raises:
        ConfigurationError: it cannot; the text says why, and what can.
    """
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"the name {name!r} must be lower-case letters and digits, words joined by _, begin "
            f"with a letter and have at most {_LONGEST} characters, such as acme or acme_chat"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _RESERVED:
        raise ConfigurationError(f"the name {name!r} is taken by Python or chatbridge; add a word")
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        owner = entry_point.dist.name if entry_point.dist else "another package"
        raise ConfigurationError(f"{owner} already offers {name!r}; choose another name")


def rendered(kind: str, name: str) -> dict[str, str]:
    """Return path -> text of the files of a new package.

    Args:
        kind: "adapter" or "storage".
        name: of the platform or scheme.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - writes Python, not HTML
        loader=FileSystemLoader(_TEMPLATES / kind),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    words = name.split("_")
    package = f"chatbridge_{name}"
    given = {
        "name": name,
        "package": package,
        "distribution": package.replace("_", "-"),
        "title": " ".join(word.capitalize() for word in words),
        "prefix": "".join(word.capitalize() for word in words),
        "header": "-".join(word.capitalize() for word in words),
        "host": "-".join(words),
        "core": _FIRST_CORE,
        "table": _TABLE_MARK,
    }
    files = {}
    for template in environment.list_templates(filter_func=lambda each: "__pycache__" not in each):
        place = template.replace("PACKAGE", package).replace("NAME", name).replace("dot_", ".")
        text = environment.get_template(template).render(given)
        files[place.removesuffix(".j2")] = text
    return files


def _fill_in_capabilities(folder: Path, name: str) -> None:
    """Put the table into the README, made from what the new adapter declares."""
    readme = folder / "README.md"
    table = capability_table(_loaded(folder / f"chatbridge_{name}" / "adapter.py"))
    text = readme.read_text(encoding="utf-8").replace(_TABLE_MARK, table)
    readme.write_text(text, encoding="utf-8")


def _loaded(path: Path) -> type[Adapter]:
    spec = importlib.util.spec_from_file_location("chatbridge_new_adapter", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Adapter) and value is not Adapter
    )
    return found
