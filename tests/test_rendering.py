"""A draft becomes parts that fit the platform, each known by what it says."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from chatbridge.capabilities import Capabilities, FileLimit, LengthUnit
from chatbridge.content import Address, Attachment, Choice, FileKind
from chatbridge.outgoing import RequestLabel
from chatbridge.rendering import Draft, cut, weaker
from chatbridge.richtext import EMPTY, CodeBlock, Document, Mark, Paragraph, Text

ADDRESS = Address("c1", "9")
LABEL = RequestLabel("HELP-12", "handle")
SHORT = Capabilities(max_text_length=100, choices=True)
NAMED = Capabilities(max_text_length=100, max_sender_name=8)
FILES = Capabilities(
    max_text_length=100,
    files="upload",
    albums=3,
    file_limits={
        FileKind.PHOTO: FileLimit(100, max_caption=30),
        FileKind.VIDEO: FileLimit(100, max_caption=30),
        FileKind.DOCUMENT: FileLimit(50, max_caption=30),
        FileKind.VOICE: FileLimit(100),
    },
)
LONG = " ".join(f"word{number}" for number in range(60))


def parts_of(draft, capabilities=SHORT, **more):
    """Return the parts, digests made readable."""
    return cut(
        draft,
        ADDRESS,
        capabilities,
        digest=lambda text, at: f"{text}#{at}",
        key=lambda digest: f"key of {digest}",
        **more,
    )


def draft(text=LONG, **more):
    """Return a draft."""
    return Draft(item="5", text=Document.from_plain(text), **more)


def test_short_text_is_one_part():
    """It carries the address, its key, the label and the choices."""
    choice = Choice("yes", "data")
    (part,) = parts_of(draft("hi", label=LABEL, choices=(choice,)))
    message = part.message
    assert ("hi", ADDRESS, LABEL, (choice,)) == (
        message.text.plain(),
        message.address,
        message.label,
        message.choices,
    )
    assert ("hi#0", "key of hi#0") == (part.digest, message.key)


@given(st.text(alphabet="ab \n😀ž", max_size=900), st.sampled_from(LengthUnit))
@example("a" * 900, LengthUnit.BYTE)
@example("a" * 900, LengthUnit.UTF16)
def test_every_part_fits_with_its_label(text, unit):
    """Key, line break and text together are short enough for the platform."""
    capabilities = Capabilities(max_text_length=100, length_unit=unit)
    for part in parts_of(draft(text, label=LABEL), capabilities):
        shown = f"{LABEL.key}\n\n{part.message.text.plain()}"
        assert unit.measure(shown) <= 100


def test_choices_go_under_the_last_part():
    """A question is asked where the text ends."""
    parts = parts_of(draft(choices=(Choice("yes", "data"),)))
    assert len(parts) > 3
    assert [False] * (len(parts) - 1) + [True] == [bool(p.message.choices) for p in parts]


def test_choices_are_left_out_where_none_can_be_offered():
    """A platform without buttons is asked for a text that it can show."""
    plain = Capabilities(max_text_length=100)
    parts = parts_of(draft(choices=(Choice("yes", "data"),)), plain)
    assert [()] * len(parts) == [part.message.choices for part in parts]


def test_every_part_names_the_request():
    """A reply to any of them finds its way."""
    assert {LABEL} == {part.message.label for part in parts_of(draft(label=LABEL))}


def test_equal_parts_have_digests_of_their_own():
    """The ordinal tells them apart, so that none counts as sent with the other."""
    parts = parts_of(draft(" ".join(["same"] * 80)))
    digests = [part.digest for part in parts]
    assert len(digests) == len(set(digests)) > 3


def test_digests_do_not_depend_on_position():
    """What stands before a part, if it differs, changes nothing about its digest."""
    first = parts_of(Draft(item="5", text=Document.from_plain("a" * 80 + "\n\n" + "b" * 80)))
    second = parts_of(Draft(item="5", text=Document.from_plain("c" * 80 + "\n\n" + "b" * 80)))
    assert first[1].digest == second[1].digest


def test_speaker_is_part_of_the_text_where_the_platform_shows_no_names():
    """The name stands in bold before the first paragraph, once."""
    parts = parts_of(draft(speaker="Ann"))
    assert parts[0].message.text.plain().startswith("Ann: word0")
    assert 1 == sum("Ann" in part.message.text.plain() for part in parts)
    assert Text("Ann:", frozenset({Mark.BOLD})) == parts[0].message.text.blocks[0].content[0]
    assert {""} == {part.message.sender_name for part in parts}


def test_speaker_stands_alone_before_other_blocks():
    """Code keeps its own block."""
    (part,) = parts_of(Draft(item="5", text=Document((CodeBlock("x"),)), speaker="Ann"))
    assert "Ann:\n\nx" == part.message.text.plain()
    assert isinstance(part.message.text.blocks[0], Paragraph)


def test_speaker_is_the_senders_name_where_the_platform_shows_names():
    """It is cut to what the platform shows, and stands with every part."""
    parts = parts_of(draft(speaker="Bartholomew"), NAMED)
    assert {"Bartholo"} == {part.message.sender_name for part in parts}
    assert 0 == sum("Barth" in part.message.text.plain() for part in parts)


def test_shrinking_makes_smaller_parts_without_loss():
    """After the platform found a part too long, less of the length is used."""
    parts = parts_of(draft(), shrink=0.25)
    assert max(len(part.message.text.plain()) for part in parts) <= 25
    assert LONG == " ".join(part.message.text.plain() for part in parts)


def test_formatting_can_be_left_out():
    """The same message, its key included, is drawn plainly."""
    (part,) = parts_of(draft("hi"))
    assert [evolve(part.message, plain=True)] == weaker(part.message, SHORT)


def files(*kinds, **more):
    """Return files of these kinds."""
    return tuple(
        Attachment(kind, f"{at}.bin", ref=str(at), **more) for at, kind in enumerate(kinds)
    )


def shown(given, capabilities=FILES, text="hi", **more):
    """Return the text and the kinds of files of each message."""
    made = Draft(item="1", text=Document.from_plain(text), label=LABEL, files=given, **more)
    return [
        (part.message.text.plain(), [file.kind.value for file in part.message.attachments])
        for part in parts_of(made, capabilities)
    ]


@pytest.mark.parametrize(
    ("kinds", "text", "expected"),
    [
        ("photo", "hi", [("hi", ["photo"])]),
        ("photo", "", [("", ["photo"])]),
        ("photo video photo", "hi", [("hi", ["photo", "video", "photo"])]),
        ("photo photo photo photo", "", [("", ["photo"] * 3), ("", ["photo"])]),
        ("photo document document", "", [("", ["photo"]), ("", ["document"] * 2)]),
        ("photo", "x" * 30, [("x" * 30, []), ("", ["photo"])]),
        ("voice voice", "hi", [("hi", []), ("", ["voice"]), ("", ["voice"])]),
    ],
)
def test_files_stand_together_where_the_platform_can(kinds, text, expected):
    """Words go with the first file if they fit, and files of one family make an album."""
    given = files(*(FileKind(kind) for kind in kinds.split()))
    assert expected == shown(given, text=text)


def test_parts_with_files_are_told_apart():
    """Two files without words are two parts; which files they are is what names them."""
    made = Draft(item="1", text=EMPTY, files=files(FileKind.VOICE, FileKind.VOICE))
    first, second = parts_of(made, FILES)
    assert first.digest != second.digest
    moved = evolve(made, files=tuple(reversed(made.files)))
    assert [second.digest, first.digest] == [part.digest for part in parts_of(moved, FILES)]


def test_a_refused_picture_may_still_be_a_file():
    """What cannot be shown as a picture is offered as a document, unless that is too large."""
    (part,) = parts_of(Draft(item="1", text=EMPTY, files=files(FileKind.PHOTO)), FILES)
    (form,) = weaker(part.message, FILES)
    assert ([FileKind.DOCUMENT], True) == ([file.kind for file in form.attachments], form.plain)
    (large,) = parts_of(Draft(item="1", text=EMPTY, files=files(FileKind.PHOTO, size=99)), FILES)
    assert [evolve(large.message, plain=True)] == weaker(large.message, FILES)


@pytest.mark.parametrize("longest", [1, 2, 10])
def test_tiny_platforms_get_something(longest):
    """Even absurd limits end, and lose nothing."""
    parts = parts_of(draft("abcdef", label=LABEL), Capabilities(max_text_length=longest))
    assert "abcdef" == "".join(part.message.text.plain() for part in parts)


def test_reprs_show_no_text():
    """Tracebacks may hold drafts and parts."""
    (part,) = parts_of(draft("hidden-words"))
    assert "hidden-words" not in repr(part.message)
    assert "hidden-words" not in repr(draft("hidden-words"))
