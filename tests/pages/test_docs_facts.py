"""The documentation says what is: tables, names, errors and notices equal the code."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import chatbridge
from chatbridge import NoticeKind, Refusal, errors, hookspecs
from chatbridge.setbacks import ASKED_AGAIN, LOOP, UNREACHABLE
from chatbridge.state_texts import NOTES
from tests.pages.reading import DOCS, made_parts, name_of, text_of

NEEDED_PARTS = {
    "README.md": ["kept"],
    "docs/privacy.md": ["record_fields", "record_lives"],
    "docs/reference/capabilities.md": ["capabilities"],
    "docs/reference/errors.md": ["error_tree"],
    "docs/reference/hooks.md": ["hooks"],
    "docs/reference/simulator.md": ["actions", "behaviour", "faults"],
}


@pytest.mark.parametrize("page", made_parts.documents(), ids=name_of)
def test_made_parts_equal_the_data(page: Path) -> None:
    """Tables of names, hooks, capabilities, records and simulators are those of the code."""
    text = page.read_text(encoding="utf-8")
    same = made_parts.made_anew(text) == text
    assert same, f"{name_of(page)} differs from the code; run: python docs/made_parts.py"


@pytest.mark.parametrize(("page", "parts"), NEEDED_PARTS.items(), ids=NEEDED_PARTS)
def test_pages_have_their_made_parts(page: str, parts: list[str]) -> None:
    """Nobody replaces a table that is made by one that can drift."""
    there = {found[1] for found in made_parts.PART.finditer(text_of(page))}
    assert set() == set(parts) - there


def test_a_part_that_differs_is_noticed() -> None:
    """The comparison itself: what is between the marks does not stay."""
    page = "a\n<!-- made: names Bridge -->\nold\n<!-- end -->\nb\n"
    made = made_parts.made_anew(page)
    assert ("old" in made, "`Bridge`" in made) == (False, True)
    assert made == made_parts.made_anew(made)


def test_every_public_name_is_explained_once() -> None:
    """The page of the API has each name of the package, in one table."""
    parts = made_parts.PART.finditer(text_of("docs/reference/api.md"))
    told = Counter(name for found in parts if found[1] == "names" for name in found[2].split())
    assert set(chatbridge.__all__) == set(told)
    assert {1} == set(told.values())


def test_every_public_name_has_a_summary() -> None:
    """No row of the tables of names is empty."""
    silent = [name for name in chatbridge.__all__ if not made_parts.summary_of(name)]
    assert [] == silent


def test_every_simulator_action_is_told() -> None:
    """Each simulator that is here has its table of actions."""
    parts = made_parts.PART.finditer(text_of("docs/reference/simulator.md"))
    told = {found[2].strip() for found in parts if found[1] == "actions"}
    assert set(made_parts.simulators()) == told


def test_every_hook_stands_with_its_signature() -> None:
    """The page of hooks has each hook as it is declared."""
    hooks = [name for name in vars(hookspecs) if name.startswith("chatbridge_")]
    page = text_of("docs/reference/hooks.md")
    assert hooks
    assert [] == [name for name in hooks if f"def {name}(register: Register" not in page]


# --- errors, reasons, notes -----------------------------------------------------------------------


def test_every_error_has_a_heading_and_a_mend() -> None:
    """Each error class has a place in the page of errors, with its cause and what mends it."""
    classes = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    sections = dict(
        re.findall(r"^##+ (\w+)\n(.*?)(?=^##|\Z)", text_of("docs/reference/errors.md"), re.M | re.S)
    )
    assert len(classes) > 20
    assert [] == [name for name in classes if name not in sections]
    unfit = [name for name in classes if not re.search("mend(:|\\.)|Mend:", sections[name])]
    assert [] == unfit


def test_every_reason_of_a_refusal_is_explained() -> None:
    """The page of errors has a row for each `Refusal`, and no other."""
    rows = re.findall(r"^\| `([a-z_]+)` \|", text_of("docs/reference/errors.md"), re.M)
    assert {str(reason) for reason in Refusal} == set(rows)


def test_every_note_to_agents_is_told() -> None:
    """The page of outages has each internal note, word for word."""
    page = text_of("docs/howto/handle-outages.md")
    assert [] == [cause for cause, note in NOTES.items() if f"| `{cause}` | {note} |" not in page]


def test_every_kind_of_notice_is_told() -> None:
    """A host finds in `embed.md` what each notice means."""
    told = (DOCS / "howto" / "embed.md").read_text()
    assert [] == [kind for kind in NoticeKind if f"`{kind}`" not in told]


def test_every_reason_of_a_stopped_link_is_told() -> None:
    """The page of outages says of each reason how the link goes on."""
    rows = re.findall(
        r"^\| (?:suspended|held), (.*?) \|", text_of("docs/howto/handle-outages.md"), re.M
    )
    told = {reason for row in rows for reason in re.findall(r"`(\w+)`", row)}
    assert {*UNREACHABLE.values(), *ASKED_AGAIN, LOOP, "burst", "silent", "restored"} == told
