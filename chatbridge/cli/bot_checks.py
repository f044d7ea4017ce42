"""What `chatbridge doctor` asks a platform: who the bot is, and how its events arrive."""

from __future__ import annotations

from collections.abc import Iterator

from chatbridge import (
    Bridge,
    ChatbridgeError,
    ConfigurationError,
    Finding,
    Polls,
    Refusal,
    RegistersWebhooks,
    WebhookState,
)
from chatbridge.checks import explain
from chatbridge.cli.webhooks import webhook_target
from chatbridge.records import BotRecord, Project
from chatbridge.roster import OpenBot


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
        yield explain(error, subject, mends)
        return
    if identity.bot_id != record.bot_id:
        yield Finding(subject, False, "its token is that of another bot now", f"{anew}")
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
    if mode == "webhook":
        yield _webhook_finding(subject, bot, state, target)
    elif target in {"none", "here"}:
        yield Finding(subject, True, "can be polled")
    else:
        yield Finding(
            subject,
            False,
            f"is to be polled, but a webhook to {target} is set, so nothing would come",
            f"if it is no other program's: chatbridge webhook remove {bot.project}",
        )


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
