"""Where a request may go: the party's origins, by https, and through which proxy.

A URL is taken apart once and the same parts are compared and connected to, so that no two readings
of a hostile URL can differ.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import (  # type: ignore[attr-defined] # not on every system's stub
    getproxies_environment,
    proxy_bypass_environment,
)

from attrs import field, frozen

from chatbridge.errors import ConfigurationError
from chatbridge.exchange import Party, origin


@frozen
class Destination:
    """Where one request goes.

    Args:
        origin: scheme, host and port.
        target: path and query, as the request line has them; hidden.
    """

    origin: str
    target: str = field(repr=False)


def destination(url: str, party: Party) -> Destination:
    """Return where a URL leads, if the party may be reached there.

    Raises:
        ConfigurationError: not an origin of the party's, not https (http is for loopback only),
            or no usable URL.
    """
    place = origin(url)
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ConfigurationError(f"{party.name}: a URL holds a user name")
    if place not in party.origins:
        raise ConfigurationError(f"{party.name}: a request goes to a host that is not configured")
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ConfigurationError(f"{party.name}: a URL must start with https://")
    path = parts.path or "/"
    return Destination(place, f"{path}?{parts.query}" if parts.query else path)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or literal address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Proxies:
    """Which proxy to use; the environment is read once, here, and never per call.

    Args:
        given: proxy URLs by scheme, and hosts that need none under "no", separated by commas.
            None: as the environment says (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY).
    """

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self._given = dict(getproxies_environment() if given is None else given)

    def url_for(self, place: str) -> str | None:
        """Return the proxy for an origin, or None.

        Raises:
            ConfigurationError: the proxy is neither http nor https.
        """
        parts = urlsplit(place)
        proxy = self._given.get(parts.scheme) or self._given.get("all")
        if not proxy or is_loopback(parts.hostname or ""):
            return None
        if proxy_bypass_environment(parts.netloc, {"no": self._given.get("no", "")}):
            return None
        if "://" not in proxy:
            proxy = f"http://{proxy}"
        if not proxy.lower().startswith(("http://", "https://")):
            raise ConfigurationError("the proxy must be an http:// or https:// URL")
        return proxy
