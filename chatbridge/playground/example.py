"""A short conversation to begin with, so that there is something to see."""

from __future__ import annotations

import base64
from importlib.resources import files
from typing import Any, Final

from chatbridge.playground.play import Playground

_BETWEEN: Final = 20.0


def tell_example(play: Playground) -> None:
    """Let two customers write, an agent answer, and pictures go both ways where phones can."""
    phones = sorted(play.look()["phones"], key=lambda phone: not phone["pictures"])
    first, *others = [str(phone["platform"]) for phone in phones]
    for other in others[:1]:
        _do(play, "say", platform=other, text="Do you repair pianos, too?")
        _agent(play, "We do! Which one is it?")
    _do(play, "say", platform=first, text="My printer prints only hearts since this morning!")
    if phones[0]["pictures"]:
        _do(play, "picture", platform=first, text="Look", content=_sample("hearts"))
    _agent(play, "Push the lever on the right down, once.", content=_sample("lever"))
    _agent(play, "Sounds like a prank by the sales team.", public=False)
    _do(play, "say", platform=first, text="It works, thank you!")


def _agent(play: Playground, text: str, *, public: bool = True, **more: Any) -> None:
    """Let an agent comment on the newest request."""
    newest = play.look()["requests"][0]
    _do(play, "comment", issue=newest["key"], text=text, public=public, **more)


def _do(play: Playground, action: str, **arguments: Any) -> None:
    play.do(action, arguments)
    play.do("skip", {"seconds": _BETWEEN})


def _sample(name: str) -> str:
    folder = files("chatbridge.playground").joinpath("static")
    return base64.b64encode(folder.joinpath(f"{name}.png").read_bytes()).decode()
