"""What `chatbridge doctor` tries on a test issue: who would see what, and how soon it is heard of.

It writes comments there and removes them again, on an issue that no chat is linked with; nothing is
ever sent to a chat.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

from chatbridge import Bridge, Finding, JiraDesk, RefusedError, SystemClock
from chatbridge.cli.trial_writing import CannotTryError, TestIssue, cleaned_up
from chatbridge.cli.web_checks import read_health
from chatbridge.configuration import Configuration
from chatbridge.desk import SeenClock
from chatbridge.errors import ChatbridgeError
from chatbridge.links import Link

_PATIENCE: Final = 60.0
_PAUSE: Final = 2.0
_BACK: Final = 10
"""Minutes that the change feed is asked for."""


@frozen
class Trial:
    """What shall be tried.

    Args:
        issue: id or key of the test issue.
        site: its site; None where there is only one.
        prove: whether to prove that notes are kept back.
        loop: whether to see how a comment is heard of.
    """

    issue: str = field(repr=False)
    site: str | None = None
    prove: bool = False
    loop: bool = False


def check_trial(bridge: Bridge, configuration: Configuration, trial: Trial) -> Iterator[Finding]:
    """Try it, and yield what was seen."""
    try:
        issue = _test_issue(bridge, trial)
    except CannotTryError as error:
        yield Finding("trial", False, error.cause, error.mend)
        return
    if trial.prove:
        yield from cleaned_up(issue, _prove(issue))
    if trial.loop:
        yield from cleaned_up(issue, _loop(issue, configuration.web.public_url))


def _test_issue(bridge: Bridge, trial: Trial) -> TestIssue:
    sites = list(bridge.engine.roster.sites())
    if trial.site is None and len(sites) != 1:
        raise CannotTryError("there are several sites", f"add --site, one of {', '.join(sites)}")
    desk = bridge.engine.roster.desk(trial.site or sites[0])
    jira = desk.desk
    if not isinstance(jira, JiraDesk):
        raise CannotTryError("the site is no Jira", "only Jira can be tried")
    try:
        state = desk.call(jira.read_request(trial.issue))
    except RefusedError as error:
        raise CannotTryError(
            f"the test issue cannot be read ({error.reason})",
            "name an issue that is a customer request, and that the account may see",
        ) from None
    if bridge.engine.vault.read(Link, jira.site, state.issue_id) is not None:
        raise CannotTryError(
            "a chat is linked with this issue",
            "name a test issue that was made in Jira, so that no customer sees the trial",
        )
    marks, word = bridge.engine.marks, secrets.token_hex(10)
    return TestIssue(desk, jira, state, lambda n: marks.comment_marker(
        jira.site, state.issue_id, word, n))  # fmt: skip


def _prove(issue: TestIssue) -> Iterator[Finding]:
    status, clocks = issue.state.status, issue.clocks()
    notes = {"an internal note": issue.write_note()}
    restricted = issue.write_restricted()
    if restricted is None:
        yield Finding(
            "trial: a comment for one role",
            True,
            "could not be written, so it was not tried",
            "give the account the role Service Desk Team",
        )
    else:
        notes["a comment for one role"] = restricted
    public = issue.write_public()
    first, second = issue.witnesses([*notes.values(), public])
    for name, comment in notes.items():
        yield _kept_back(f"trial: {name}", customer=comment in first, platform=comment in second)
    shown = public in first and public in second
    yield Finding(
        "trial: a public comment",
        shown,
        "would be shown" if shown else "would not be shown: the two APIs do not both say public",
        "" if shown else "see whether the issue is a customer request of a service desk",
    )
    yield _echo_of_customers(issue, status, clocks)


def _kept_back(subject: str, *, customer: bool, platform: bool) -> Finding:
    if customer and platform:
        return Finding(
            subject,
            False,
            "would be shown to the customer: both APIs call it public",
            "pause the projects of this site now (chatbridge project pause NAME), and report it",
        )
    if not customer and not platform:
        return Finding(subject, True, "is kept back, by both APIs")
    return Finding(subject, True, f"is kept back, by the {_WITNESS[customer]} API alone")


_WITNESS: Final = {True: "platform", False: "customer"}
"""Which API still keeps a comment back, by whether the customer API calls it public."""


def _echo_of_customers(
    issue: TestIssue, status: str, clocks: tuple[SeenClock, ...] | None
) -> Finding:
    """Tell what a comment of the bot's account changed: customers' messages are such comments."""
    subject = "trial: what a customer's message sets off"
    changed = []
    if (now := issue.status()) != status:
        changed.append(f"the status went from '{status}' to '{now}'")
    after = issue.clocks()
    if clocks is not None and after is not None:
        before = {clock.name: clock for clock in clocks}
        changed += [
            f"the clock '{clock.name}' changed ({clock.state}, {clock.finished} rounds ended)"
            for clock in after
            if before.get(clock.name) != clock
        ]
    seen = "status" if clocks is None else "status and clocks (SLA)"
    if not changed:
        return Finding(subject, True, f"nothing of the {seen} changed within these seconds")
    return Finding(
        subject,
        True,
        "; ".join(changed),
        "if that is not wanted, leave the bridge's account out in the conditions of the SLA or "
        "Automation rule: to Jira its comments are an agent's",
    )


def _loop(issue: TestIssue, public_url: str | None) -> Iterator[Finding]:
    clock, site = SystemClock(), issue.jira.site
    heard, before = _last_webhook(public_url, site), issue.last_change(_BACK)
    issue.write_public()
    began = clock.monotonic()
    while issue.last_change(_BACK) == before:
        if clock.monotonic() - began > _PATIENCE:
            yield Finding(
                "trial: the change feed",
                False,
                f"did not tell of a new comment within {_PATIENCE:.0f} s",
                "see whether Jira's search works; its index may be rebuilt at the moment",
            )
            break
        clock.sleep(_PAUSE)
    else:
        took = clock.monotonic() - began
        yield Finding("trial: the change feed", True, f"told of a new comment after {took:.0f} s")
    if public_url is None:
        return
    while (now := _last_webhook(public_url, site)) == heard:
        if clock.monotonic() - began > _PATIENCE / 4:
            yield Finding(
                "trial: the webhook",
                True,
                "none of a new comment was taken in, so the change feed has to tell of it",
                "see whether Jira's webhook is set, has the right secret, and chatbridge run runs",
            )
            return
        clock.sleep(_PAUSE)
    yield Finding("trial: the webhook", now is not None, "of a new comment was taken in")


def _last_webhook(public_url: str | None, site: str) -> float | None:
    """Return when the running bridge had the last webhook of the site, None where none tells."""
    if public_url is None:
        return None
    try:
        _, told = read_health(public_url)
    except ChatbridgeError:
        return None
    moments = (told or {}).get("last_webhook", {})
    return moments.get(f"site {site}") if isinstance(moments, dict) else None
