"""Texts in the shapes that people and Jira really make lose no word on any way through.

`samples/wiki.json` holds wiki markup with the ADF that Atlassian's own parser makes of it (package
`@atlaskit/editor-wikimarkup-transformer`), so that another reading than ours is the judge.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.adf_write import write_adf
from chatbridge.jira.wiki_read import read_wiki
from chatbridge.jira.wiki_write import write_wiki
from chatbridge.richtext import Document
from chatbridge_telegram.entities import draw as draw_for_telegram
from chatbridge_telegram.entity_reading import read_entities, read_text
from chatbridge_viber.drawing import draw as draw_for_viber

SAMPLES = Path(__file__).resolve().parent / "samples"
ENOUGH = 60


def _load(name: str) -> list[Any]:
    samples = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(samples, list)
    return samples


WIKI, ADF, ENTITIES = (_load(name) for name in ("wiki", "adf", "entities"))


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", unicodedata.normalize("NFKC", text).replace("\u2060", "")))


def _characters(text: str) -> Counter[str]:
    """Count what can be seen, without the signs that bullets, boxes, cells or mentions add."""
    plain = unicodedata.normalize("NFKC", text)
    return Counter(re.sub(r"[\s\u2060•☑☐>|—@]", "", plain))


def _said(node: dict[str, Any]) -> Iterator[str]:
    """Yield every text of an ADF node that a reader would see, apart where they stand apart."""
    kind, attrs = node["type"], node.get("attrs", {})
    if kind == "text":
        yield node["text"]
        return
    if kind == "placeholder":
        return
    shown = ["title", "alt", "text"]
    if kind == "emoji":
        shown = ["text" if "text" in attrs else "shortName"]
    shown += ["url"] if kind.endswith("Card") else []
    yield from (f" {attrs[name]} " for name in shown if name in attrs)
    yield attrs.get("data", {}).get("name", "")
    for child in node.get("content", ()):
        yield from _said(child)
    if kind != "mention":
        yield " "


@pytest.mark.parametrize("samples", [WIKI, ADF, ENTITIES], ids=["wiki", "adf", "entities"])
def test_there_are_many(samples: list[Any]) -> None:
    """The samples were found and are as many as they should be."""
    assert len(samples) >= ENOUGH


@pytest.mark.parametrize("sample", WIKI, ids=range(len(WIKI)))
def test_wiki_markup_says_what_atlassian_reads(sample: dict[str, Any]) -> None:
    """Every word that Atlassian's parser finds is found."""
    theirs = _words(re.sub(r" :\w+: ", " ", "".join(_said(sample["adf"]))))
    ours = _words(read_wiki(sample["wiki"]).plain())
    assert Counter() == theirs - ours


@pytest.mark.parametrize("sample", WIKI, ids=range(len(WIKI)))
def test_wiki_markup_comes_through(sample: dict[str, Any]) -> None:
    """Read, written in every format and read again, wiki markup says the same."""
    _assert_comes_through(read_wiki(sample["wiki"]))


@pytest.mark.parametrize("sample", ADF, ids=range(len(ADF)))
def test_adf_comes_through(sample: dict[str, Any]) -> None:
    """ADF shows all its texts, also after it was written in every format."""
    document = read_adf(sample)
    assert Counter() == _words("".join(_said(sample))) - _words(document.plain())
    _assert_comes_through(document)


@pytest.mark.parametrize("sample", ENTITIES, ids=range(len(ENTITIES)))
def test_entities_come_through(sample: dict[str, Any]) -> None:
    """A Telegram text keeps all its characters, also after it was written in every format."""
    text = sample["text"]
    document = read_text(text, read_entities(text, sample["entities"]))
    covered = sum(entity["type"] == "spoiler" for entity in sample["entities"])
    # What is covered says so; nothing else is added.
    said = _characters(text + "[spoiler: ]" * covered)
    assert said == _characters(document.plain())
    _assert_comes_through(document)
    drawn = draw_for_telegram(document)
    again = read_text(drawn.text, read_entities(drawn.text, drawn.entities))
    assert document == again or said == _characters(again.plain())


def _assert_comes_through(document: Document) -> None:
    characters = _characters(document.plain())
    for shown in (
        read_adf(write_adf(document)).plain(),
        read_wiki(write_wiki(document)).plain(),
        draw_for_telegram(document).text,
        draw_for_viber(document),
    ):
        assert Counter() == characters - _characters(shown)
