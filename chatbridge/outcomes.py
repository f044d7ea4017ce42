"""What a failed call means: the kind of the error says whether it may have happened.

Decided by the step that was reached, never by the text of an exception, which may hold an address.
"""

from __future__ import annotations

from chatbridge.connections import Call
from chatbridge.errors import (
    ConfigurationError,
    DeliveryError,
    RetryLaterError,
    UnknownOutcomeError,
)


def outcome_of(
    call: Call, *, name: str, repeatable: bool, error: Exception | None = None
) -> DeliveryError | ConfigurationError:
    """Return the error for a call that got no whole answer in time.

    Args:
        call: how far it got.
        name: the party's, for the text.
        repeatable: whether doing it twice does no harm.
        error: what was raised, if anything.
    """
    late = ", its deadline passed" if call.watch.expired else ""
    if call.tls_failed:
        return ConfigurationError(
            f"{name}: the TLS certificate or protocol was not accepted; check the host name and"
            " ca_bundle"
        )
    # What cannot be encoded (a line break in a header, a host name that is none) fails each time.
    if isinstance(error, ValueError) and not call.sent:
        return ConfigurationError(f"{name}: a request cannot be written as HTTP")
    if not call.connected:
        return RetryLaterError(f"{name}: no connection{late}")
    # Some bytes may have left, but the far side cannot take a part of a request for a whole one.
    if not call.sent:
        return RetryLaterError(f"{name}: the request was not sent to its end{late}")
    if repeatable:
        return RetryLaterError(f"{name}: no whole answer{late}")
    return UnknownOutcomeError(f"{name}: no whole answer{late}")
