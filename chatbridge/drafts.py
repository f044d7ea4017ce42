"""What an inbound event looks like in Jira: who wrote it stands first, in a place nobody can forge.

Pure: values in, values out. What people wrote stays data; the desk decides how to write it.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from chatbridge.capabilities import LengthUnit
from chatbridge.content import Attachment
from chatbridge.desk import NewRequest
from chatbridge.events import MessageEdited, MessageReceived
from chatbridge.graphemes import clip
from chatbridge.project import ProjectSettings
from chatbridge.richtext import EMPTY, Block, Document, Mark, Paragraph, Quote, Text
from chatbridge.texts import Texts

_SUMMARY_GRAPHEMES = 120
_SUMMARY_LENGTH = 255


@frozen
class LeftOut:
    """A file that is not passed on.

    Args:
        file: which.
        reason: the name of a text, such as "file_too_large".
    """

    file: Attachment
    reason: str


def as_comment(
    event: MessageReceived | MessageEdited,
    platform: str,
    settings: ProjectSettings,
    texts: Texts,
    left_out: Sequence[LeftOut] = (),
) -> Document:
    """Return the document that agents read: who wrote, what they answered, and the text.

    Args:
        event: what was written.
        platform: where.
        settings: of the project.
        texts: the project's words.
        left_out: files that agents will not find.
    """
    blocks: list[Block] = [Paragraph(_attribution(event, platform, settings))]
    if isinstance(event, MessageEdited):
        blocks.append(_remark(texts.say("edited")))
        return Document((*blocks, *event.text.blocks))
    if event.reply_to is not None and event.reply_to.quote:
        blocks.append(Quote((Paragraph((Text(event.reply_to.quote),)),)))
    blocks += event.text.blocks
    missing = [f"{shown_name(each.file)}: {texts.say(each.reason)}" for each in left_out]
    missing += [event.unsupported] if event.unsupported else []
    if missing:
        blocks.append(_remark(f"[not passed on: {', '.join(missing)}]"))
    return Document(tuple(blocks))


def as_file_words(
    event: MessageReceived,
    platform: str,
    settings: ProjectSettings,
    texts: Texts,
    left_out: Sequence[LeftOut] = (),
) -> Document:
    """Return what stands with a file whose message has its text elsewhere; see `as_comment`."""
    bare = evolve(event, text=EMPTY, reply_to=None, unsupported=None)
    return as_comment(bare, platform, settings, texts, left_out)


def shown_name(file: Attachment) -> str:
    """Return what a file is called in a text: its name, or what sort of thing it is."""
    return " ".join(file.name.split()) or file.kind.value.replace("_", " ")


def as_request(body: Document, text: str, settings: ProjectSettings, marker: str) -> NewRequest:
    """Return the request that shall be opened.

    Args:
        body: as `as_comment` made it.
        text: what was written, as plain text; its first line becomes the summary.
        settings: of the project.
        marker: of the event.
    """
    return evolve(look_up(settings, marker), summary=summary_of(text), description=body)


def look_up(settings: ProjectSettings, marker: str) -> NewRequest:
    """Return what the look-up of a request needs; it holds no text."""
    return NewRequest(
        service_desk=settings.service_desk,
        request_type=settings.request_type,
        summary="",
        description=EMPTY,
        marker=marker,
        rung=settings.marker_rung,
        marker_field=settings.marker_field,
    )


def summary_of(text: str) -> str:
    """Return the first line that says something, cut at 120 graphemes."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    line = clip(next((line for line in lines if line), "…"), _SUMMARY_GRAPHEMES)
    graphemes = _SUMMARY_GRAPHEMES
    # One grapheme can be many characters, and Jira counts them as Java does.
    while LengthUnit.UTF16.measure(line) > _SUMMARY_LENGTH and graphemes > 1:
        graphemes //= 2
        line = clip(line, graphemes)
    return line if LengthUnit.UTF16.measure(line) <= _SUMMARY_LENGTH else line[:_SUMMARY_GRAPHEMES]


def _remark(text: str) -> Paragraph:
    return Paragraph((Text(text, frozenset({Mark.ITALIC})),))


def _attribution(
    event: MessageReceived | MessageEdited, platform: str, settings: ProjectSettings
) -> tuple[Text, ...]:
    name = event.sender.name if event.sender is not None and settings.contact_name else ""
    # A name is one line: a line break in it could look like the start of another message.
    name = " ".join(name.split()) or "Customer"
    parts = [Text(name, frozenset({Mark.BOLD})), Text(f" ({platform.capitalize()})")]
    if isinstance(event, MessageReceived) and event.origin_name:
        parts.append(Text(f", forwarded from {' '.join(event.origin_name.split())}"))
    return tuple(parts)
