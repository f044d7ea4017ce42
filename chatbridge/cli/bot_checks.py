"""What `chatbridge doctor` asks a platform: who the bot is, and how its events arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatbridge import (
    Bridge,
    ChatbridgeError,
    ConfigurationError,
    Finding,
    Polls,
    Refusal,
    RefusedError,
    RegistersWebhooks,
    WebhookState,
)
from chatbridge.checks import explain
from chatbridge.cli.way_checks import with_cause
from chatbridge.cli.webhooks import webhook_target
from chatbridge.records import BotRecord, Claim, Project
from chatbridge.roster import OpenBot

LISTEN: Final = 1.0
"""Seconds for which another program's polls are waited for."""
_MANY: Final = 100


def check_bot(bridge: Bridge, project: Project, record: BotRecord) -> Iterator[Finding]:
    """Tell whether the platform knows the bot, and whether its events come here."""
    name = project.settings.name
    subject = f"project {name}: {record.platform} bot @{record.username}"
    bot = bridge.engine.roster.open_bot(record, name)
    anew = f"chatbridge project set {name} --bot {record.platform} --bot-token-env VARIABLE"
    try:
        identity = bridge.engine.roster.call(bot, bot.adapter.identify())
    except ChatbridgeError as error:
        mends = {
            Refusal.UNAUTHORISED: f"set its token anew: {anew}",
            Refusal.NOT_FOUND: f"set its token anew: {anew}",
        }
        url = next(iter(bot.adapter.urls()), "")
        finding = explain(error, subject, mends)
        yield with_cause(finding, url) if url else finding
        return
    if identity.bot_id != record.bot_id:
        yield Finding(
            subject,
            False,
            "its token is that of another bot now; answers to the old bot's chats wait, and go to "
            "nobody else",
            f"set the token of @{record.username} again, or take the other bot over: {anew}",
        )
        return
    yield Finding(subject, True, "the platform knows its token")
    yield from _check_arrival(bridge, bot, subject)


def _check_arrival(bridge: Bridge, bot: OpenBot, subject: str) -> Iterator[Finding]:
    mode, adapter = bot.record.mode, bot.adapter
    if mode == "poll" and not isinstance(adapter, Polls):
        mend = f"set public_url, then: chatbridge webhook set {bot.project}"
        yield Finding(subject, False, "the platform cannot be polled", mend)
        return
    if mode == "webhook":
        try:
            bridge.webhook_url(bot)
        except ConfigurationError as error:
            yield Finding(subject, False, str(error), "set [web] public_url")
            return
    if not isinstance(adapter, RegistersWebhooks):
        yield Finding(subject, True, "its webhook is set on the platform's own page")
        return
    state = _state(bridge, bot, adapter)
    target = webhook_target(bridge, bot, state)
    if state.pending and state.pending >= _MANY:
        yield Finding(
            subject,
            True,
            f"{state.pending} events wait at the platform",
            "see that chatbridge run runs; platforms keep events for a limited time",
        )
    if mode == "webhook":
        yield _webhook_finding(subject, bot, state, target)
    elif target in {"none", "here"}:
        yield _polling(bridge, bot, adapter, subject)
    else:
        yield Finding(
            subject,
            False,
            f"is to be polled, but a webhook to {target} is set, so nothing would come",
            f"if it is no other program's: chatbridge webhook remove {bot.project}",
        )


def _polling(bridge: Bridge, bot: OpenBot, adapter: object, subject: str) -> Finding:
    """Listen for a moment, so that another program that polls the bot is heard of.

    Nothing is given up at the platform by that. Where a process of this bridge polls, it would be
    disturbed and is not; its health tells of another one.
    """
    claim = bridge.engine.vault.read(Claim, "poll", *bot.key)
    if claim is not None and claim.record.owner:
        return Finding(subject, True, "is polled, by a process of this bridge that runs or died")
    if not isinstance(adapter, Polls):
        return Finding(subject, True, "can be polled")
    try:
        bridge.engine.roster.call(bot, adapter.poll(None, LISTEN))
    except RefusedError as error:
        if error.reason is not Refusal.CONFLICT:
            raise
        return Finding(
            subject,
            False,
            "another program polls this bot, so each gets a part of the messages only",
            "stop the other program, or make a bot of its own for it",
        )
    return Finding(subject, True, "can be polled, and nobody else was seen to")


def _state(bridge: Bridge, bot: OpenBot, adapter: RegistersWebhooks) -> WebhookState:
    return bridge.engine.roster.call(bot, adapter.webhook_state())


def _webhook_finding(subject: str, bot: OpenBot, state: WebhookState, target: str) -> Finding:
    if target != "here":
        text = "has no webhook" if target == "none" else f"has a webhook to {target} instead"
        return Finding(subject, False, text, f"chatbridge webhook set {bot.project}")
    if state.problem:
        return Finding(
            subject,
            False,
            f"its webhook fails, {state.pending or 0} events wait; the platform says: "
            f"{state.problem}",
            "see that chatbridge run runs, and that public_url leads to it from outside",
        )
    return Finding(subject, True, "its webhook leads here")
