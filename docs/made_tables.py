"""Makes the tables of settings and commands in the reference, from the classes that are in use.

A table stands between `<!-- table: WHAT ARGUMENTS -->` and `<!-- end -->`. Running this file writes
all of them anew; a test fails where one differs from what this would write.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import click

import chatbridge
from chatbridge.cli.main import chatbridge as command_line
from chatbridge.configuration import SECTIONS
from chatbridge.settings import secret_settings
from chatbridge.texts import DEFAULTS

PAGES = [Path(__file__).parent / "reference" / name for name in ("cli.md", "settings.md")]
TABLE = re.compile(r"<!-- table: ([a-z]+)((?: [a-z-]+)*) -->\n(.*?)<!-- end -->", re.DOTALL)


def made_anew(text: str) -> str:
    """Return a page with every table as it should be."""

    def table(found: re.Match[str]) -> str:
        lines = "\n".join(TABLES[found[1]](*found[2].split()))
        return f"<!-- table: {found[1]}{found[2]} -->\n\n{lines}\n\n<!-- end -->"

    return TABLE.sub(table, text)


def section(name: str) -> Iterator[str]:
    """The settings of a table of chatbridge.toml."""
    return _settings(SECTIONS[name])


def project() -> Iterator[str]:
    """The settings of a project."""
    return _settings(chatbridge.ProjectSettings)


def bot(platform: str) -> Iterator[str]:
    """The settings of a platform's bots."""
    return _settings(chatbridge.Plugins().adapter(platform).adapter.settings_schema)


def texts() -> Iterator[str]:
    """What the bot says, by name."""
    yield from ("| text | in English |", "| --- | --- |")
    for name, text in DEFAULTS.items():
        yield f"| `{name}` | {_cell(text)} |"


def commands() -> Iterator[str]:
    """Every command with its help and its options."""
    for path, command in _commands(command_line, ("chatbridge",)):
        yield f"## `{' '.join(path)}`"
        yield ""
        yield _paragraphs(command.help or "")
        context = click.Context(command, info_name=" ".join(path))
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"\n```text\n{' '.join(path)} {usage}\n```\n"
        options = [each for each in command.params if isinstance(each, click.Option)]
        if options:
            yield "| option | meaning |"
            yield "| --- | --- |"
            yield from (_option(option, context) for option in options)
            yield ""


TABLES = {made.__name__: made for made in (section, project, bot, texts, commands)}


def _settings(schema: type[Any]) -> Iterator[str]:
    fields = attrs.fields(schema)
    hidden = secret_settings(schema)
    named = any(field.metadata.get("env") for field in fields)
    head = ("setting", "meaning", "default", *(("environment",) if named else ()))
    yield _row(head)
    yield _row(("---",) * len(head))
    for field in fields:
        meaning = field.metadata["meaning"] + (" (secret)" if field.name in hidden else "")
        variable = field.metadata.get("env")
        cells = [f"`{field.name}`", _cell(meaning), _default(field)]
        if named:
            cells.append(f"`{variable}`" if variable else "")
        yield _row(cells)


def _default(field: attrs.Attribute[Any]) -> str:
    value = field.default
    if value is attrs.NOTHING:
        return "required"
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return "from the other settings"
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return _cell(f"`{', '.join(str(each) for each in value)}`")
    return _cell(f"`{value.value if isinstance(value, Enum) else value}`")


def _commands(
    group: click.Group, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, group
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def _option(option: click.Option, context: click.Context) -> str:
    shown = ", ".join(option.opts)
    if not option.is_flag:
        shown += f" {option.make_metavar(context)}"
    told = option.help or ""
    if option.show_default:
        told += f" Default: {option.default}."
    if option.envvar:
        told += f" Environment: {option.envvar}."
    return _row((f"`{shown}`", _cell(told)))


def _paragraphs(text: str) -> str:
    return "\n\n".join(
        " ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n")
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write every page anew whose tables have changed."""
    for path in PAGES:
        before = path.read_text(encoding="utf-8")
        after = made_anew(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            sys.stdout.write(f"wrote {path.name}\n")


if __name__ == "__main__":
    main()
