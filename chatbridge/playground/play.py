"""`Playground`: all that the page can see and do, for one caller at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from chatbridge.playground import views
from chatbridge.playground.faults import Faults
from chatbridge.playground.kept import KeptRecords
from chatbridge.playground.phones import Phone
from chatbridge.playground.pictures import Picture, Pictures
from chatbridge.playground.stage import Stage

_LONGEST_TEXT: Final = 20_000
_LONGEST_SKIP: Final = 7 * 86_400.0
_LONGEST_PAUSE: Final = 5.0
"""Seconds that pass at once where nobody has looked for long, as in a page in the background."""

Arguments = dict[str, Any]


class Playground:
    """A stage that people look at. Time goes on while somebody does.

    Args:
        wanted: names of platforms; without them all that are installed.
        start: the Unix seconds at which the clock starts; None: now.
        now: real time in seconds.

    Raises:
        ConfigurationError: no platform can be played with.
    """

    def __init__(
        self, wanted: Sequence[str] = (), *, start: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.stage = Stage(wanted, start=start)
        self._faults = Faults(self.stage)
        self._kept = KeptRecords(self.stage)
        self._pictures = Pictures()
        self._now = now
        self._looked_at = now()
        self._moved = 0.0
        self._time_runs = True
        self._lock = threading.Lock()
        self._actions: dict[str, Callable[[Arguments], None]] = {
            "customer": self._customer, "say": self._say, "picture": self._picture,
            "press": self._press, "comment": self._comment, "change": self._change,
            "show": self._show, "status": self._status, "fault": self._fault, "kill": self._kill,
            "start": self._start, "skip": self._skip, "clock": self._clock,
        }  # fmt: skip

    def look(self) -> dict[str, Any]:
        """Let the time since the last look pass, and return everything that there is to see."""
        with self._lock:
            self._catch_up()
            return self._seen()

    def do(self, action: str, arguments: Arguments) -> dict[str, Any]:
        """Do something as one of the people, or to the bridge; return what there is to see then.

        Args:
            action: its name.
            arguments: by name.

        Raises:
            LookupError: there is no such action, phone, request or comment.
            ValueError: an argument is wrong; the text says what is expected.
        """
        with self._lock:
            act = self._actions.get(action)
            if act is None:
                raise LookupError("there is no such action")
            self._catch_up()
            act(arguments)
            self.stage.turn()
            return self._seen()

    def picture(self, digest: str) -> Picture | None:
        """Return a picture that was sent, by the SHA-256 of its bytes."""
        with self._lock:
            return self._pictures.find(digest)

    def _catch_up(self) -> None:
        now = self._now()
        passed, self._looked_at = now - self._looked_at, now
        if self._time_runs:
            self.stage.clock.advance(min(max(passed, 0.0), _LONGEST_PAUSE))
        self.stage.turn()

    def _seen(self) -> dict[str, Any]:
        stage = self.stage
        return {
            "time": {"now": stage.clock.time(), "moved": self._moved, "runs": self._time_runs},
            "bridge": views.bridge(stage),
            "phones": views.phones(stage, self._pictures),
            "requests": views.requests(stage, self._pictures),
            "statuses": views.statuses(),
            "faults": self._faults.shown(),
            "records": self._kept.shown(),
        }

    def _say(self, given: Arguments) -> None:
        reply_to = given.get("reply_to")
        more = {} if reply_to is None else {"reply_to": reply_to}
        self._phone(given).does("message", text=_text(given, "text"), **more)

    def _picture(self, given: Arguments) -> None:
        phone = self._phone(given)
        picture = self._pictures.take(given.get("content"))
        sent = phone.does(
            "photo", content=picture.base64, media_type=picture.media_type,
            caption=_text(given, "text", empty=True),
        )  # fmt: skip
        self._pictures.note(phone.name, sent, picture)

    def _press(self, given: Arguments) -> None:
        phone = self._phone(given)
        message = given.get("message_id")
        more = {} if message is None else {"message_id": message}
        phone.does("press", choice=_text(given, "choice"), **more)

    def _comment(self, given: Arguments) -> None:
        said: Arguments = {"issue": _text(given, "issue"), "public": _switch(given, "public")}
        if given.get("content") is not None:
            picture = self._pictures.take(given["content"])
            said["files"] = [
                {"name": picture.name, "media_type": picture.media_type, "base64": picture.base64}
            ]
        said["text"] = _text(given, "text", empty="files" in said)
        self.stage.desk.control("comment", said)

    def _change(self, given: Arguments) -> None:
        self._on_comment("edit_comment", given, text=_text(given, "text"))

    def _show(self, given: Arguments) -> None:
        self._on_comment("flip", given, public=_switch(given, "public"))

    def _on_comment(self, action: str, given: Arguments, **more: Any) -> None:
        named = {"issue": _text(given, "issue"), "comment": _text(given, "comment")}
        self.stage.desk.control(action, {**named, **more})

    def _status(self, given: Arguments) -> None:
        wanted = {"issue": _text(given, "issue"), "status": _text(given, "status")}
        self.stage.desk.control("transition", wanted)

    def _fault(self, given: Arguments) -> None:
        self._faults.switch(_text(given, "place"), _text(given, "kind"), on=_switch(given, "on"))

    def _kill(self, given: Arguments) -> None:
        armed, later = self.stage.calls.armed, given.get("later")
        if later is None:
            self.stage.kill_bridge()
        (armed.add if later else armed.discard)(("", "crash"))

    def _start(self, given: Arguments) -> None:
        del given
        self.stage.start_bridge()

    def _skip(self, given: Arguments) -> None:
        seconds = given.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError("seconds must be a number")  # noqa: TRY004 - one error for arguments
        if not 0 < seconds <= _LONGEST_SKIP:
            raise ValueError(f"seconds must be more than 0 and at most {_LONGEST_SKIP:.0f}")
        before = self.stage.clock.monotonic()
        self.stage.pass_time(float(seconds))
        self._moved += self.stage.clock.monotonic() - before

    def _clock(self, given: Arguments) -> None:
        self._time_runs = _switch(given, "runs")

    def _customer(self, given: Arguments) -> None:
        self.stage.phones.add(_text(given, "platform"))

    def _phone(self, given: Arguments) -> Phone:
        customer = given.get("customer", 1)
        if isinstance(customer, bool) or not isinstance(customer, int):
            raise ValueError("customer must be a number")  # noqa: TRY004 - one error for arguments
        return self.stage.phones.find(_text(given, "platform"), customer)


def _text(given: Arguments, name: str, *, empty: bool = False) -> str:
    value = given.get(name, "" if empty else None)
    if not isinstance(value, str) or not (value.strip() or empty):
        raise ValueError(f"{name} must be a text that is not empty")
    if len(value) > _LONGEST_TEXT:
        raise ValueError(f"{name} may have at most {_LONGEST_TEXT:,} characters")
    return value


def _switch(given: Arguments, name: str) -> bool:
    value = given.get(name)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")  # noqa: TRY004 - one error for arguments
    return value
