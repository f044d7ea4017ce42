"""A room of the simulated homeserver: where each account stands in it, and what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define, field


class Problem(Exception):  # noqa: N818 - an answer, not an error of the simulator
    """An answer that says no."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@define
class Room:
    """One room; events carry the numbers of the server's stream."""

    members: dict[str, str] = field(factory=dict)
    events: list[tuple[int, dict[str, Any]]] = field(factory=list)

    def find(self, event_id: str) -> tuple[int, dict[str, Any]]:
        """Return an event with its number."""
        for at, event in self.events:
            if event["event_id"] == event_id:
                return at, event
        raise Problem(404, "M_NOT_FOUND")

    def seen_by(self, account: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield what is about an account, and what happens while it is here."""
        inside = False
        for at, event in self.events:
            about = event.get("state_key") == account
            inside = event["content"]["membership"] == "join" if about else inside
            if about or inside:
                yield at, event

    def synced(self, account: str, since: int, limit: int) -> tuple[str, dict[str, Any]] | None:
        """Return where the account stands and what is new for it, None where nothing is."""
        membership = self.members.get(account)
        entered = [at for at, event in self.events if event.get("state_key") == account]
        if membership == "invite":
            # As real servers do, it tells of an invitation once.
            return ("invite", {"invite_state": {"events": []}}) if entered[-1] > since else None
        # Whoever enters a room is shown what happened before, as real servers do.
        start = 0 if entered and entered[-1] > since else since
        new = [(at, event) for at, event in self.events if at > start]
        if membership is None or not new:
            return None
        timeline = {"events": [event for _, event in new[-limit:]], "limited": False}
        if len(new) > limit:
            timeline |= {"limited": True, "prev_batch": f"t{new[-limit][0]}"}
        return ("join" if membership == "join" else "leave"), {"timeline": timeline}

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """Return a page of events, forwards or backwards from a place."""
        start, limit = int(query["from"][1:]), int(query["limit"])
        if query["dir"] == "f":
            found = [each for each in self.events if each[0] >= start]
            page, step = found[:limit], 1
        else:
            after = int(query.get("to", "s0")[1:])
            found = [each for each in self.events if after < each[0] < start]
            page, step = found[::-1][:limit], 0
        end = {"end": f"t{page[-1][0] + step}"} if len(page) < len(found) else {}
        return {"chunk": [event for _, event in page], "start": query["from"], **end}
