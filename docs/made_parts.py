"""Makes the parts of the documentation that are data: tables of names, records, capabilities.

A part stands between `<!-- made: WHAT ARGUMENTS -->` and `<!-- end -->`. Running this file writes
all of them anew; a test fails where one differs from what this would write.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

import chatbridge
from chatbridge import adapter as adapter_contract
from chatbridge import errors, hookspecs
from chatbridge.cli.scaffold import rendered
from chatbridge.content import FileKind
from chatbridge.record_kinds import RECORDS, record_kinds
from chatbridge.testing.desk_behaviour import Behaviour
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulator import Fault, Simulator

ROOT = Path(__file__).resolve().parents[1]
PART = re.compile(r"<!-- made: ([a-z_]+)((?: [^ >]+)*) -->\n(.*?)<!-- end -->", re.DOTALL)

VALUES = {
    "ABSENT": "Condition of a write: nothing may be there.",
    "ANY": "Condition of a write: whatever is there.",
    "API_VERSION": "The version of the adapter contract; an adapter states its own.",
    "Event": "Any of the events below.",
    "Exchange": "A generator: yields `HttpRequest`, is handed `HttpResponse`, returns a result.",
    "hookimpl": "Marks a function of a plugin as the implementation of a hook.",
}
"""What is said of public names that are no classes or functions with a docstring of their own."""

OPTIONAL = (
    "Polls", "RegistersWebhooks", "AnswersWebhooks", "CompletesEvents", "AnswersChoices",
    "EditsMessages", "FetchesFiles", "OpensByLink", "ShowsTyping",
)  # fmt: skip
"""What an adapter can do beyond verify, parse and send."""


def documents() -> list[Path]:
    """Return all pages of the documentation, the README first."""
    own = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in own if path.is_file()]


def made_anew(text: str) -> str:
    """Return a page with every made part as it should be."""

    def part(found: re.Match[str]) -> str:
        what, given = found[1], found[2].split()
        lines = "\n".join(PARTS[what](*given))
        head = " ".join((what, *given))
        return f"<!-- made: {head} -->\n\n{lines}\n\n<!-- end -->"

    return PART.sub(part, text)


def adapters() -> dict[str, Any]:
    """Return name -> plugin of the adapters in this repository; they must be installed."""
    found = {}
    for project in sorted((ROOT / "adapters").glob("*/pyproject.toml")):
        points = tomllib.loads(project.read_text())["project"]["entry-points"]["chatbridge"]
        for name in points:
            found[name] = chatbridge.Plugins().adapter(name)
    return found


def simulators() -> dict[str, Simulator]:
    """Return a fresh simulator of the desk and of every platform that has one."""
    made: dict[str, Simulator] = {"desk": DeskSimulator()}
    for name, plugin in adapters().items():
        if plugin.simulator is not None:
            made[name] = chatbridge.Plugins().simulator(name)()
    return made


# --- the parts ------------------------------------------------------------------------------------


def names(*wanted: str) -> Iterator[str]:
    """Public names and what they are."""
    yield from _table(("name", "what it is"), ((f"`{each}`", summary_of(each)) for each in wanted))


def methods(name: str) -> Iterator[str]:
    """Methods and properties of a public class, with signatures."""
    cls = getattr(chatbridge, name)
    for node in _class_of(cls).body:
        if isinstance(node, ast.FunctionDef):
            if node.name == "__init__" and node.args.kwonlyargs:
                yield f"- `{name}({_arguments(node)})`"
            if node.name.startswith("_"):
                continue
            said = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
            is_property = any(getattr(each, "id", "") == "property" for each in node.decorator_list)
            shown = node.name if is_property else signature(node)
            yield f"- `{shown}`: {said}"


def hooks() -> Iterator[str]:
    """Every hook with its exact signature."""
    for node in ast.parse(inspect.getsource(hookspecs)).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("chatbridge_"):
            yield f"## `{node.name}`"
            yield ""
            yield "```python"
            yield f"def {signature(node)}: ..."
            yield "```"
            yield ""
            yield ast.get_docstring(node) or ""
            yield ""


def error_tree() -> Iterator[str]:
    """All errors, children below their parents."""
    yield "```text"
    yield from _branch(errors.ChatbridgeError, 0)
    yield "```"


def capabilities() -> Iterator[str]:
    """What each platform can do, as its adapter says."""
    plugins = adapters()
    meanings = _meanings(chatbridge.Capabilities)
    rows = []
    for each in attrs.fields(chatbridge.Capabilities):
        values = (
            _shown(getattr(plugin.adapter.capabilities, each.name)) for plugin in plugins.values()
        )
        rows.append((f"`{each.name}`", meanings[each.name], *values))
    for protocol in OPTIONAL:
        cls = getattr(adapter_contract, protocol)
        does = (_shown(issubclass(plugin.adapter, cls)) for plugin in plugins.values())
        rows.append((f"`{protocol}`", (cls.__doc__ or "").partition("\n")[0], *does))
    yield from _table(("capability", "meaning", *plugins), rows)


def actions(name: str) -> Iterator[str]:
    """What can be done to a simulator."""
    told = simulators()[name].actions().items()
    rows = ((f"`{action}`", line.rstrip(".")) for action, line in told)
    yield from _table(("action", "what it does: its arguments"), rows)


def credentials(name: str) -> Iterator[str]:
    """What a simulator says a bridge needs."""
    own = {**simulators(), "data_center": DeskSimulator(kind="data_center")}
    yield ", ".join(f"`{key}`" for key in own[name].credentials())


def behaviour() -> Iterator[str]:
    """What can be switched on a simulated desk."""
    meanings = _meanings(Behaviour)
    rows = (
        (f"`{each.name}`", meanings[each.name], f"`{each.default!r}`")
        for each in attrs.fields(Behaviour)
    )
    yield from _table(("switch", "meaning", "default"), rows)


def faults() -> Iterator[str]:
    """What a fault is made of."""
    meanings = _meanings(Fault)
    rows = ((f"`{each.name}`", meanings[each.name]) for each in attrs.fields(Fault))
    yield from _table(("field", "meaning"), rows)


def file(name: str) -> Iterator[str]:
    """A file of the repository, whole."""
    path = ROOT / name
    yield "```" + {".py": "python", ".toml": "toml"}[path.suffix]
    yield path.read_text(encoding="utf-8").rstrip()
    yield "```"


def new_file(kind: str, name: str, place: str) -> Iterator[str]:
    """A file of a package as the scaffold writes it."""
    text = rendered(kind, name)[place]
    language = {".py": "python", ".toml": "toml", ".json": "json"}[Path(place).suffix]
    yield f"```{language}"
    yield text.rstrip()
    yield "```"


def kept() -> Iterator[str]:
    """The kinds of records, and what identifies each."""
    rows = []
    for cls in RECORDS:
        said = (cls.__doc__ or "").partition("\n")[0].rstrip(".")
        held = ", ".join(each.name for each in attrs.fields(cls))
        rows.append((f"`{cls.kind}`", said, held))
    yield from _table(("record", "what it is", "what it holds"), rows)


def record_fields() -> Iterator[str]:
    """Every kind of record: why it is kept, and every field of it."""
    for kind in record_kinds():
        yield f"### `{kind.name}`"
        yield ""
        yield kind.purpose
        yield ""
        for name, fields in ((kind.name, kind.fields), *kind.inside.items()):
            if name != kind.name:
                yield f"#### inside it: {name}"
                yield ""
            rows = (
                (f"`{each.name}`", each.meaning, "personal data" if each.personal else "")
                for each in fields
            )
            yield from _table(("field", "what it holds", ""), rows)
            yield ""


def record_lives() -> Iterator[str]:
    """For how long each kind of record is kept."""
    rows = (
        (f"`{kind.name}`", when, "stays" if seconds is None else f"{seconds // 86400} days")
        for kind in record_kinds()
        for when, seconds in kind.lives.items()
    )
    yield from _table(("record", "when", "for how long"), rows)


PARTS: dict[str, Callable[..., Iterator[str]]] = {
    part.__name__: part
    for part in (
        names, methods, hooks, error_tree, capabilities, actions, credentials, behaviour, faults,
        file, new_file, kept, record_fields, record_lives,
    )
}  # fmt: skip


# --- how they are written -------------------------------------------------------------------------


def summary_of(name: str) -> str:
    """Return the summary line of a public name."""
    if name in VALUES:
        return VALUES[name]
    doc = inspect.getdoc(getattr(chatbridge, name)) or ""
    return doc.partition("\n\n")[0].replace("\n", " ")


def signature(node: ast.FunctionDef) -> str:
    """Return a function's name, arguments and result, as they stand in the source."""
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({_arguments(node)}){result}"


def _arguments(node: ast.FunctionDef) -> str:
    shown = ast.unparse(node.args)
    return re.sub(r"^(self|cls)(, )?", "", shown)


def _class_of(cls: type[Any]) -> ast.ClassDef:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(node, ast.ClassDef)
    return node


def _meanings(cls: type[Any]) -> dict[str, str]:
    """Return name -> text of the Args and Attributes in a class's docstring."""
    found: dict[str, str] = {}
    name = ""
    for line in (inspect.getdoc(cls) or "").splitlines():
        if entry := re.fullmatch(r" {4}(\w+): (.*)", line):
            name = entry[1]
            found[name] = entry[2]
        elif name and line.startswith(" " * 8):
            found[name] += " " + line.strip()
        elif line.strip():
            name = ""
    return {name: text.rstrip(".") for name, text in found.items()}


def _branch(cls: type[Exception], depth: int) -> Iterator[str]:
    said = (cls.__doc__ or "").partition("\n")[0]
    yield f"{'  ' * depth + cls.__name__:<32} {said}"
    for child in cls.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _branch(child, depth + 1)


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or "-"
    if isinstance(value, dict):
        return "; ".join(_limit(kind, limit) for kind, limit in value.items()) or "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _limit(kind: FileKind, limit: Any) -> str:
    caption = f", caption {limit.max_caption}" if limit.max_caption else ""
    return f"{kind.value} {limit.max_bytes / 1e6:.3g} MB{caption}"


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield _row(head)
    yield _row(("---",) * len(head))
    for row in rows:
        yield _row(row)


def _row(cells: tuple[str, ...]) -> str:
    safe = (cell if "`" in cell else cell.replace("<", "&lt;") for cell in cells)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in safe)} |"


def main() -> None:
    """Write every page anew whose parts have changed."""
    for path in documents():
        before = path.read_text(encoding="utf-8")
        after = made_anew(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
