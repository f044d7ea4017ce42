"""What agents do: they comment, flip, change, move and delete."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from chatbridge.testing.desk_people import BOT
from chatbridge.testing.world.desk_truth import bytes_with
from chatbridge.testing.world.stage import World

LONG_PIECES: Final = 9

_ATTACHED: Final[dict[str, tuple[str, ...]]] = {
    "file": ("pdf",), "bare file": ("pdf",), "internal file": ("pdf",), "restricted file": ("pdf",),
    "files": ("png", "png", "pdf"), "by account": ("pdf",),
}  # fmt: skip
"""Kind of comment -> what sort of files it brings."""
_TYPES: Final = {"pdf": "application/pdf", "png": "image/png"}


def _issue(world: World, number: int) -> Any:
    issues = list(world.desk.state.issues.values())
    if not issues:
        raise LookupError
    return issues[number % len(issues)]


def _comments(world: World, issue: int, kind: str = "public") -> None:
    found = _issue(world, issue)
    pieces = {"long": LONG_PIECES, "bare file": 0}.get(kind, 1)
    words = [world.truth.word(issue_id=found.issue_id, part=part) for part in range(pieces)]
    text = ("\n\n" + "more " * 200).join(f"agent {word}" for word in words)
    files = []
    for ending in _ATTACHED.get(kind, ()):
        word = world.truth.word(issue_id=found.issue_id)
        word.file = f"agent-{word}.{ending}"
        data = b64encode(bytes_with(word)).decode()
        files.append({"name": word.file, "media_type": _TYPES[ending], "base64": data})
        words.append(word)
    done = world.desk.control(
        "comment",
        {"issue": found.issue_id, "text": text, "public": not kind.startswith("internal"),
         "restricted": kind.startswith("restricted"), **({"files": files} if files else {}),
         **({"as": BOT.name} if kind == "by account" else {})},
    )  # fmt: skip
    for word in words:
        word.comment_id = done["id"]


def agents_files(world: World, issue: int) -> list[tuple[str, str, Any]]:
    """Return all files of agents on an issue: its id, the comment's, and the file."""
    found = _issue(world, issue)
    return [
        (found.issue_id, comment.comment_id, file)
        for comment in found.comments.values()
        for file in comment.files
        if file.name.startswith("agent-")
    ]


def _many_comments(world: World, issue: int, count: int) -> None:
    for _ in range(count):
        _comments(world, issue)


def _on_comment(action: str, *, restricts: bool = False) -> Callable[[World, int, int], None]:
    def act(world: World, issue: int, comment: int) -> None:
        found = _issue(world, issue)
        agents = [each for each in found.comments.values() if each.marker is None]
        agents = [each for each in agents if "agent" in each.wiki]
        if not agents:
            return
        chosen = agents[comment % len(agents)]
        given = {"issue": found.issue_id, "comment": chosen.comment_id}
        if action == "edit_comment":
            own = [word.wording for word in world.truth.words.values()
                   if word.comment_id == chosen.comment_id]  # fmt: skip
            word = world.truth.word(
                issue_id=found.issue_id, comment_id=chosen.comment_id, wording=max(own) + 1
            )
            given["text"] = f"agent changed {word}"
            world.edited_between(found.issue_id, chosen.comment_id)
        if restricts:
            chosen.restricted_to = "Administrators"
        world.desk.control(action, given)

    return act


def _on_issue(action: str, **more: Any) -> Callable[..., None]:
    def act(world: World, issue: int, *values: str) -> None:
        found = _issue(world, issue)
        given = {"issue": found.issue_id, **more}
        if values:
            given["status"] = values[0]
        world.desk.control(action, given)
        if action in {"delete", "move"}:
            world.marks.add("request gone")

    return act


AGENTS_STEPS: Final[dict[str, Callable[..., None]]] = {
    "comments": _comments,
    "many_comments": _many_comments,
    "flips": _on_comment("flip"),
    "changes": _on_comment("edit_comment"),
    "restricts": _on_comment("edit_comment", restricts=True),
    "deletes_comment": _on_comment("delete_comment"),
    "sets_status": _on_issue("transition"),
    "moves": _on_issue("move", project="OPS"),
    "deletes": _on_issue("delete"),
}
"""Every step of agents by its name."""
