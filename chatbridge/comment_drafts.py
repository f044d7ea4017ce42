"""What an agent's comment looks like in a chat, before it is cut: words, files, what is missing.

Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from chatbridge.comments import Comment
from chatbridge.outgoing import RequestLabel
from chatbridge.outgoing_files import OutgoingFiles
from chatbridge.project import ProjectSettings
from chatbridge.rendering import Draft
from chatbridge.richtext import Block, Document, FileName, Mark, Paragraph, Quote, Text
from chatbridge.state_texts import late_remark
from chatbridge.texts import Texts


def draft_of(
    comment: Comment,
    files: OutgoingFiles,
    label: RequestLabel,
    settings: ProjectSettings,
    texts: Texts,
    *,
    replies: bool = False,
) -> Draft:
    """Return a comment as it is shown the first time.

    Args:
        comment: public by both witnesses.
        files: what the platform is sent with it.
        label: of its request.
        settings: of the project.
        texts: the project's words.
        replies: whether the platform can show what a message answers.
    """
    names = {file.name for file in comment.files}
    blocks = [block for block in comment.body.blocks if not _only_files(block, names)]
    missing = [block for name in files.not_shown for block in file_not_shown(texts, name).blocks]
    body = Document((*blocks, *missing))
    if comment.late:
        body = body.prefixed(*late_remark(texts, comment.created))
    answers = comment.answers
    reply_to = answers.message if answers is not None and replies else None
    if answers is not None and answers.words and reply_to is None:
        body = Document((Quote((Paragraph((Text(answers.words),)),)), *body.blocks))
    return Draft(
        item=comment.comment_id,
        text=body,
        label=label,
        speaker=_speaker(comment, settings),
        files=files.shown,
        reply_to=reply_to,
    )


def edit_of(
    comment: Comment,
    label: RequestLabel,
    settings: ProjectSettings,
    texts: Texts,
    *,
    replies: bool = False,
) -> tuple[Draft, Draft]:
    """Return a changed comment: to stand in the message that showed it, and as another message.

    Its files were shown when it was; only its words are shown again.
    """
    whole = draft_of(comment, OutgoingFiles(), label, settings, texts, replies=replies)
    item = item_of(comment)
    remark = Text(texts.say("answer_edited"), frozenset({Mark.ITALIC}))
    again = whole.text.prefixed(remark, Text("\n"))
    return evolve(whole, item=item), evolve(whole, item=item, text=again)


def item_of(comment: Comment) -> str:
    """Return the name under which a comment, or a change of one, is noted while it is sent."""
    changed = comment.shown is not None
    return f"{comment.comment_id}e{comment.mark}" if changed else comment.comment_id


def file_not_shown(texts: Texts, name: str) -> Document:
    """Return what stands for a file that cannot be shown."""
    return Document.from_plain(texts.say("file_not_shown", file=name))


def _speaker(comment: Comment, settings: ProjectSettings) -> str:
    shown = {"shown": comment.author_name, "alias": settings.agent_alias, "hidden": ""}
    return shown[settings.agent_name]


def _only_files(block: Block, names: Iterable[str]) -> bool:
    """Tell whether a block only names files of the comment, which are shown or named anyway."""
    if not isinstance(block, Paragraph) or not block.content or not names:
        return False
    return all(
        node.name in {"", *names}
        if isinstance(node, FileName)
        else isinstance(node, Text) and not node.text.strip()
        for node in block.content
    )
