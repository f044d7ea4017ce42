"""Imports go one way: every module stands on a floor and imports from lower ones only.

Read from the syntax tree, so that an import inside a function counts like any other. To add a
module, put its name on the lowest floor that lies above everything it imports.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "chatbridge"

FLOORS: dict[int, str] = {
    0: (
        "errors secret clock content richtext http_types capabilities filenames graphemes "
        "flat_inlines green_threads"
    ),
    1: (
        "observation events outgoing exchange settings signatures keyset sealing keyset_wrapping "
        "webhook_routes setting_texts unsealed desk_values payloads plain_text kept_fields albums "
        "record_bytes"
    ),
    2: "adapter desk storage hookspecs capability_table",
    3: (
        # plugins and the way out
        "plugin_offers plugin_switch plugins builtin_storages "
        "doubles doubled_requests breaker invitations joining "
        "transport connections deadlines downloads uploads multipart outcomes pacing redaction "
        "routes forks checks desk_checks "
        # records
        "records links project vault subjects record_kinds erasure "
        "erasure_proof leftovers full_pass installation "
        "keys marks claims moves roster completion "
        "project_document live_sealer keyset_record root_changes rotation record_check "
        "memory_storage sqlite_storage sqlite_database sqlite_file sqlite_forks sqlite_remains "
        # texts and decisions
        "intents texts state_texts replies splitting rendering drafts routing situations answers "
        "settling pieces scenes losses conversations chat_news overtaking file_limits file_intake "
        "delivery_jobs "
        "sending outgoing_files comment_drafts showing "
        # pieces that journeys share
        "comments answered link_changes cross_reading freshness budgets delivery "
        "jira_writes setbacks "
        "configuration_file configuration_sections configured_keys file_urls witnesses "
        "file_serving receipts withdrawals"
    ),
    4: "webhook_watch workqueue inbound lanes polling upkeep outbound feed",
    5: (
        "configuration intake health engine crew one_shot inviting link_care administration "
        "privacy bridge"
    ),
}
"""Modules below `chatbridge` by floor: words, sentences, contracts, services, journeys, roof."""

PACKAGES = {"jira": 3, "cli": 7, "web": 7, "testing": 7, "playground": 7, "__main__": 7}
"""Whole packages that stand on one floor; 7 is above the roof."""

FACADE = 6
"""`chatbridge/__init__.py`: it hands out names of all floors, and only those above may use it."""

CHAT_TO_DESK = {"inbound", "lanes", "polling", "upkeep"}
DESK_TO_CHAT = {"outbound"}
JOURNEYS = [CHAT_TO_DESK, DESK_TO_CHAT, {"feed"}]
"""Journeys meet in storage only: on their floor they may import `workqueue` and their own."""

HIGHEST_FOR_ADAPTERS = 2
TYPES_ONLY = {"hookspecs", ""}
"""Modules that may name higher floors under TYPE_CHECKING ("" is the package itself)."""

OUTSIDE: dict[str, tuple[str, ...]] = {
    "attrs": ("*",),
    "cattrs": ("settings", "vault", "records"),
    "click": ("cli", "cli.*"),
    "jinja2": ("cli.scaffold",),
    "keyring": ("keys",),
    "nacl": ("sealing",),
    "pluggy": ("hookspecs", "plugins"),
    "prometheus_client": ("web.metrics",),
    "pytest": ("testing.*",),
    "requests": ("transport",),
    "rich": ("cli", "cli.*"),
    "sqlite3": ("sqlite_*",),
    "urllib3": ("transport", "connections", "downloads", "uploads", "deadlines", "multipart"),
    "waitress": ("testing.serving", "web.*"),
}
"""Where each outside library (and sqlite3, which is as heavy) may be imported."""

Modules = dict[str, Path]


@cache
def _modules() -> Modules:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def _floors() -> dict[str, int]:
    floors = {name: floor for floor, names in FLOORS.items() for name in names.split()}
    for name in _modules():
        top = name.partition(".")[0]
        if name not in floors and top in PACKAGES:
            floors[name] = PACKAGES[top]
    return {**floors, "": FACADE}


def _nodes(tree: ast.AST, *, types_too: bool) -> Iterator[ast.AST]:
    """Walk over a syntax tree, without what stands under `if TYPE_CHECKING` unless told to."""
    for node in ast.iter_child_nodes(tree):
        if not types_too and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _nodes(node, types_too=types_too)


def _imports(source: str, *, types_too: bool = True) -> set[str]:
    """Return the dotted names that a source imports, `from a import b` as "a.b"."""
    found = set()
    for node in _nodes(ast.parse(source), types_too=types_too):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def _own(names: set[str]) -> set[str]:
    """Return the modules of chatbridge among imported names; "" is the package itself."""
    found = set()
    for name in names:
        top, _, rest = name.partition(".")
        if top == "chatbridge":
            while rest and rest not in _modules():
                rest = rest.rpartition(".")[0]
            found.add(rest)
    return found


@cache
def _imported(module: str) -> set[str]:
    source = _modules()[module].read_text()
    return _own(_imports(source, types_too=module not in TYPES_ONLY)) - {module}


def _one_journey(importer: str, imported: str) -> bool:
    return any({importer, imported} <= journey for journey in JOURNEYS)


def _allowed(importer: str, imported: str) -> bool:
    above, below = _floors().get(importer, -1), _floors().get(imported, 99)
    if above == below == 4:
        return imported == "workqueue" or _one_journey(importer, imported)
    return above >= below


def _shown(module: str) -> str:
    return f"{module or '__init__'} (floor {_floors().get(module, 'unknown')})"


def test_every_module_has_a_floor() -> None:
    """A new module is put on a floor on purpose."""
    lost = []
    for module in sorted(set(_modules()) - set(_floors())):
        lowest = max((_floors().get(below, 0) for below in _imported(module)), default=0)
        lost.append(f"{module}: add it to FLOORS in this file, on floor {lowest} or higher")
    assert [] == lost, "\n".join(lost)


def test_every_name_on_a_floor_is_a_module() -> None:
    """The table tells no lies: what was removed or renamed is gone from it too."""
    assert set() == set(_floors()) - set(_modules())


def test_no_name_stands_on_two_floors() -> None:
    """The table is one to one."""
    names = [name for floor in FLOORS.values() for name in floor.split()]
    assert sorted(set(names)) == sorted(names)


def test_imports_go_down() -> None:
    """No module imports from a higher floor, nor one journey from another."""
    wrong = [
        f"{_shown(importer)} imports {_shown(imported)}"
        for importer in sorted(set(_modules()) & set(_floors()))
        for imported in sorted(_imported(importer))
        if not _allowed(importer, imported)
    ]
    assert [] == wrong, "\n".join(wrong)


def test_no_imports_go_in_a_circle() -> None:
    """Siblings may import each other one way only."""
    try:
        TopologicalSorter({module: _imported(module) for module in _modules()}).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_no_import_of_the_core_is_relative() -> None:
    """Every import of the core says in full where it goes, so that this test can read it."""
    relative = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for name in _imports(path.read_text())
        if name.startswith(".")
    ]
    assert [] == relative, "\n".join(relative)


def test_each_outside_library_has_its_place() -> None:
    """An outside library is imported where the table says, and nowhere else."""
    wrong = []
    for module, path in sorted(_modules().items()):
        for top in sorted({name.partition(".")[0] for name in _imports(path.read_text())}):
            known = top in OUTSIDE
            if not known and top in {*sys.stdlib_module_names, "chatbridge"}:
                continue
            places = OUTSIDE.get(top, ())
            if not any(fnmatchcase(module, place) for place in places):
                wrong.append(f"{module} imports {top} (allowed: {', '.join(places) or 'nowhere'})")
    assert [] == wrong, "\n".join(wrong)


def test_adapters_use_what_every_stranger_may_use() -> None:
    """Our adapters import only the lowest floors, the package itself and `chatbridge.testing`."""
    wrong = []
    for path in sorted((ROOT / "adapters").rglob("*.py")):
        if "tests" in path.parts:
            continue
        names = _imports(path.read_text())
        for module in sorted(_own(names)):
            low = _floors().get(module, 99) <= HIGHEST_FOR_ADAPTERS
            if not low and module and module.partition(".")[0] != "testing":
                wrong.append(f"{path.relative_to(ROOT)} imports {_shown(module)}")
        # The empty name is an import from the adapter's own package.
        mine = {"", "chatbridge", "attrs", path.relative_to(ROOT / "adapters").parts[1]}
        strange = {name.partition(".")[0] for name in names} - mine - sys.stdlib_module_names
        wrong.extend(f"{path.relative_to(ROOT)} imports {name}" for name in sorted(strange))
    assert [] == wrong, "\n".join(wrong)


def test_the_reader_sees_every_import() -> None:
    """Imports in functions count; those for types are told apart."""
    source = (
        "from __future__ import annotations\n"
        "import chatbridge.errors\n"
        "from chatbridge import secret, Bridge\n"
        "if TYPE_CHECKING:\n    from chatbridge.adapter import Adapter\n"
        "def act():\n    from chatbridge.storage import ANY\n"
    )
    assert {"errors", "secret", "", "adapter", "storage"} == _own(_imports(source))
    assert {"errors", "secret", "", "storage"} == _own(_imports(source, types_too=False))


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("adapter", "errors", True),
        ("errors", "adapter", False),
        ("errors", "secret", True),
        ("outbound", "inbound", False),
        ("inbound", "feed", False),
        ("outbound", "workqueue", True),
        ("workqueue", "outbound", False),
        ("polling", "lanes", True),
        ("plugins", "inbound", False),
        ("plugins", "", False),
        ("testing.serving", "", True),
        ("", "testing.serving", False),
    ],
)
def test_the_rule_tells_right_from_wrong(importer: str, imported: str, allowed: bool) -> None:
    """The rule itself: down and beside is allowed, up and across journeys is not."""
    assert allowed == _allowed(importer, imported)
