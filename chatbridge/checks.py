"""Asks the live site and platforms whether settings can work, before they are kept.

Each finding says what is wrong and what mends it; nothing is changed anywhere.
"""

from __future__ import annotations

from attrs import evolve, frozen

from chatbridge.adapter import Adapter, BotIdentity, Polls
from chatbridge.desk import MarkerRung, RequestType
from chatbridge.errors import ChatbridgeError, ConfigurationError, Refusal, RefusedError
from chatbridge.exchange import Transport, carry_out
from chatbridge.project import ProjectSettings
from chatbridge.records import BotRecord
from chatbridge.roster import OpenDesk, Roster, party_of_adapter

_FILLED_IN = frozenset({"summary", "description"})


@frozen
class Finding:
    """What a check found.

    Args:
        subject: what was looked at.
        ok: whether it can work.
        text: what was found.
        mend: what to do about it; where it is ok, what would be better still, or empty.
    """

    subject: str
    ok: bool
    text: str
    mend: str = ""

    @property
    def level(self) -> str:
        """How much it matters: ok, hint (it works, but could be better) or problem."""
        if not self.ok:
            return "problem"
        return "hint" if self.mend else "ok"


def explain(error: ChatbridgeError, subject: str, mends: dict[Refusal, str]) -> Finding:
    """Return the finding that an error means.

    Args:
        error: what a call raised.
        subject: what was looked at.
        mends: what to do, by reason of a refusal.
    """
    if isinstance(error, RefusedError):
        mend = mends.get(error.reason, "look the reason up in the documentation of errors")
        return Finding(subject, False, f"refused ({error.reason})", mend)
    if isinstance(error, ConfigurationError):
        return Finding(subject, False, str(error), "change the configuration, then try again")
    return Finding(subject, False, str(error), "check the network and the address, then try again")


def check_mode(adapter: Adapter, mode: str) -> None:
    """Return if a bot can be in this mode.

    Args:
        adapter: of the bot.
        mode: "poll" or "webhook".

    Raises:
        ConfigurationError: it cannot.
    """
    if mode not in {"poll", "webhook"}:
        raise ConfigurationError("a bot's mode must be poll or webhook")
    if mode == "poll" and not isinstance(adapter, Polls):
        raise ConfigurationError(
            f"a bot on {adapter.name} cannot be polled: set public_url, which lets webhooks in, "
            "and give it the mode webhook"
        )
    if mode == "webhook" and adapter.capabilities.proof is None:
        raise ConfigurationError(f"a bot on {adapter.name} is only polled: give it the mode poll")


def check_site(desk: OpenDesk) -> Finding:
    """Tell whether the site takes our credentials."""
    subject = f"Jira site {desk.desk.site}"
    try:
        account = desk.call(desk.desk.identify())
    except ChatbridgeError as error:
        return explain(error, subject, _mends(desk, _SITE_MENDS))
    return Finding(subject, True, f"logged in as {account.name or 'the account'}")


def check_request_type(
    desk: OpenDesk, settings: ProjectSettings
) -> tuple[Finding, RequestType | None]:
    """Tell whether requests of the type can be opened by the bridge."""
    subject = f"request type {settings.request_type}"
    try:
        kind = desk.call(desk.desk.request_type(settings.service_desk, settings.request_type))
    except ChatbridgeError as error:
        return explain(error, subject, _mends(desk, _DESK_MENDS)), None
    given = set(_FILLED_IN)
    if settings.marker_rung is MarkerRung.FIELD and settings.marker_field:
        given.add(settings.marker_field)
    needed = [
        field.name
        for field in kind.fields
        if field.required and not field.has_default and field.field_id not in given
    ]
    if needed:
        text = f"it needs {', '.join(repr(name) for name in needed)}, which have no default"
        mend = "give the fields a default in the request type, or choose another request type"
        return Finding(subject, False, text, mend), kind
    return Finding(subject, True, f"'{kind.name}' can be opened"), kind


def with_marker_rung(settings: ProjectSettings, kind: RequestType) -> ProjectSettings:
    """Return the settings with the first place for the reference that the request type allows.

    Raises:
        ConfigurationError: it allows none.
    """
    fields = {field.field_id: field for field in kind.fields}
    if settings.marker_field is not None:
        field = fields.get(settings.marker_field)
        if field is None or not field.text:
            raise ConfigurationError(
                f"marker_field: request type '{kind.name}' has no text field "
                f"{settings.marker_field}; add it to the request type, visible, or leave it out"
            )
        return evolve(settings, marker_rung=MarkerRung.FIELD)
    if settings.marker_rung is MarkerRung.FIELD:
        raise ConfigurationError("marker_rung is field, so marker_field must name the field's id")
    wanted = "labels" if settings.marker_rung is MarkerRung.LABEL else "description"
    if wanted not in fields:
        raise ConfigurationError(
            f"request type '{kind.name}' has no field '{wanted}' to hold the reference of a "
            "request; add it to the request type, or set marker_field to a visible text field"
        )
    return settings


def identify_bot(roster: Roster, transport: Transport, record: BotRecord) -> BotIdentity:
    """Ask the platform who a bot is.

    Raises:
        ConfigurationError: the token or another setting is wrong; the text says what to do.
        RetryLaterError: the platform cannot be asked now.
    """
    adapter = roster.adapter(record)
    try:
        return carry_out(adapter.identify(), transport, party_of_adapter(adapter))
    except RefusedError as error:
        if error.reason not in {Refusal.UNAUTHORISED, Refusal.NOT_FOUND}:
            raise
    raise ConfigurationError(
        f"the {record.platform} platform does not know the bot's token; copy it again from where "
        "the bot was made"
    )


def _mends(desk: OpenDesk, mends: dict[Refusal, str]) -> dict[Refusal, str]:
    return {Refusal.UNAUTHORISED: desk.desk.login_mend, **mends}


_SITE_MENDS = {
    Refusal.FORBIDDEN: "give the account access to Jira Service Management as an agent",
    Refusal.NOT_FOUND: "check the site's URL",
}
_DESK_MENDS = {
    **_SITE_MENDS,
    Refusal.NOT_FOUND: "check service_desk and request_type; the account must see the desk",
    Refusal.FORBIDDEN: "add the account to the project's role Service Desk Team",
}
