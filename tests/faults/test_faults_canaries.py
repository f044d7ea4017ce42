"""Words that nobody else says are sent through everything, and looked for wherever we write."""

from __future__ import annotations

import base64
import codecs
import gc
import json
import logging
import random
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from chatbridge import SqliteStorage
from chatbridge.testing.simulator import Fault

FORMS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "in capitals": lambda word: word.upper().encode(),
    "backwards": lambda word: word[::-1].encode(),
    "turned by 13": lambda word: codecs.encode(word, "rot13").encode(),
    "UTF-16": lambda word: word.encode("utf-16-le"),
    "UTF-16, the other way": lambda word: word.encode("utf-16-be"),
    "UTF-32": lambda word: word.encode("utf-32-le"),
    "hexadecimal": lambda word: word.encode().hex().encode(),
    "base64": lambda word: base64.b64encode(word.encode())[: len(word) // 3 * 4],
    "base64, one behind": lambda word: base64.b64encode(b"x" + word.encode())[2:16],
    "base64, two behind": lambda word: base64.b64encode(b"xx" + word.encode())[3:16],
    "percent signs": lambda word: "".join(f"%{each:02X}" for each in word.encode()).encode(),
}
KINDS = ("status", "lost_before", "lost_after")
CALLS = ("sendMessage", "POST .*comment", "GET .*comment", "getUpdates", "POST .*request", "search")


def _words(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    letters = "bcdfghjkmpqrstvwxz"
    return ["".join(chance.choice(letters) for _ in range(15)) for _ in range(count)]


def _live(world: Any, words: list[str]) -> None:
    """Say each word once somewhere, by customers and agents, while calls fail."""
    chance = random.Random(1)
    for at, word in enumerate(words):
        if at % 5 == 0:
            for simulator in (world.desk, world.telegram):
                fault = Fault(kind=chance.choice(KINDS), match=chance.choice(CALLS))
                simulator.switch_fault(fault)
        who = at % 4
        requests = world.requests()
        if who < 2 or not requests:
            world.says(f"say {word} {quote(word)}", chat=7001 + at % 3, name=f"N{word}")
        else:
            world.agent(requests[at % len(requests)]["key"], f"say {word}", public=who == 2)
        if at % 10 == 9:
            world.run(2)
            world.clock.advance(130)
    world.run(6)


def _artefacts(world: Any, folder: Path, log: str, records: list[Any]) -> dict[str, bytes]:
    """Return everything that was written down or could be shown."""
    said = log.encode() + json.dumps([str(each.args) for each in records]).encode()
    shown = [repr(each) for each in gc.get_objects() if _is_ours(each)]
    metrics = repr((world.bridge.health(), world.bridge.tally(), world.notices))
    files = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    return {
        "files": files,
        "log": said,
        "metrics and notices": metrics.encode(),
        "reprs": "\n".join(shown).encode(),
    }


def _is_ours(each: object) -> bool:
    """Tell whether the library made it; simulators and tests know every word."""
    module = str(type(each).__module__)
    return module.startswith("chatbridge") and not re.search("testing|simulat", module)


def _found(words: list[str], artefacts: dict[str, bytes]) -> list[str]:
    return [
        f"{word} {name} in {place}"
        for word in words
        for name, form in FORMS.items()
        for place, raw in artefacts.items()
        if form(word) in raw
    ]


def _search(make_world: Any, folder: Path, caplog: Any, count: int) -> list[str]:
    caplog.set_level(logging.DEBUG)
    words = _words(count, seed=count)
    world = make_world(storage=SqliteStorage(folder / "bridge.db"))
    tracebacks = b""
    try:
        _live(world, words)
        world.telegram.switch_fault(Fault(kind="status", match="getMe", status=502, times=None))
        try:
            world.set_project(agent_alias=words[0])
        except Exception as error:
            seen = traceback.TracebackException.from_exception(error, capture_locals=True)
            tracebacks = "".join(
                frame for frame in seen.format() if "/chatbridge/" in frame
            ).encode()
        transcripts = json.dumps([world.transcript(chat) for chat in (7001, 7002, 7003)])
        assert sum(word in transcripts for word in words) > count / 8
        artefacts = _artefacts(world, folder, caplog.text, caplog.records)
        assert [] == [place for place, raw in artefacts.items() if not raw]
        # The first word is a setting, which its project's own repr may show.
        return _found(words[1:], {**artefacts, "tracebacks": tracebacks})
    finally:
        world.bridge.close()
        world.storage.close()


@pytest.mark.fault("F80", "F81")
@pytest.mark.invariant("I10")
def test_no_word_is_written_down(make_world: Any, tmp_path: Path, caplog: Any) -> None:
    """Of 40 words in 12 forms none is in files, logs, metrics, notices, reprs or tracebacks."""
    assert [] == _search(make_world, tmp_path, caplog, 40)


@pytest.mark.heavy
@pytest.mark.fault("F80", "F81")
@pytest.mark.invariant("I10")
def test_no_word_of_a_thousand_is_written_down(
    make_world: Any, tmp_path: Path, caplog: Any
) -> None:
    """The same for a thousand words."""
    assert [] == _search(make_world, tmp_path, caplog, 1_000)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_would_be_found(form: str) -> None:
    """The search itself: a word in any of its forms does not stay hidden."""
    (word,) = _words(1, seed=1)
    raw = b"\x00\x01" + FORMS[form](word) + b"\x02"
    assert form in _found([word], {"files": raw})[0]
