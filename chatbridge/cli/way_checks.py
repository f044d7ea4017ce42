"""Where a far side does not answer: name look-up, proxy, connection or TLS, told apart.

It connects and shakes hands, to hosts that are configured only; nothing is asked and no credential
leaves.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from attrs import evolve

from chatbridge import Finding
from chatbridge.exchange import origin
from chatbridge.routes import Proxies

_PATIENCE: Final = 5.0
_AUTHORITIES: Final = {18, 19, 20, 21}
"""OpenSSL's codes for a certificate whose issuer nobody knows; see X509_V_ERR_* of its manual."""


def with_cause(finding: Finding, url: str) -> Finding:
    """Return the finding; one that tells of a failure, with the cause where the way there has it.

    Args:
        finding: what a call found.
        url: of the far side.
    """
    if finding.ok:
        return finding
    cause = broken_way(url)
    return finding if cause is None else evolve(finding, text=cause[0], mend=cause[1])


def broken_way(url: str) -> tuple[str, str] | None:
    """Return where the way to a far side ends and what mends it; None where nothing is wrong."""
    parts = urlsplit(origin(url))
    host, port = parts.hostname or "", parts.port or 443
    proxy = Proxies(None).url_for(origin(url))
    if proxy:
        through = urlsplit(proxy)
        found = _connected(through.hostname or "", through.port or 80)
        if isinstance(found, tuple):
            return f"the proxy: {found[0]}", _PROXY
        # What lies behind it, only it can tell.
        found.close()
        return None
    found = _connected(host, port)
    if isinstance(found, tuple):
        return found
    with found:
        return _secured(found, host) if parts.scheme == "https" else None


_PROXY: Final = "check HTTPS_PROXY in the environment, or name the host in NO_PROXY"


def _connected(host: str, port: int) -> socket.socket | tuple[str, str]:
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return (
            f"the name {host} leads to no address (DNS)",
            "check how the host name is written, and this machine's name server",
        )
    try:
        return socket.create_connection((host, port), _PATIENCE)
    except ConnectionRefusedError:
        return (
            f"{host} refuses connections on port {port}",
            "check the address and its port; nothing listens there, or a firewall refuses",
        )
    except TimeoutError:
        return (
            f"{host} does not answer on port {port} within {_PATIENCE:.0f} s",
            "let the firewall pass connections there, or name a proxy in HTTPS_PROXY",
        )
    except OSError as error:
        return (
            f"{host} cannot be reached on port {port} ({error.strerror or 'no route'})",
            "check this machine's network and its routes",
        )


def _secured(connection: socket.socket, host: str) -> tuple[str, str] | None:
    try:
        with ssl.create_default_context().wrap_socket(connection, server_hostname=host):
            return None
    except ssl.SSLCertVerificationError as error:
        return f"the certificate of {host} is not accepted: {error.verify_message}", _mend(error)
    except (ssl.SSLError, OSError):
        return (
            f"{host} does not speak TLS as it should",
            "check the address and its port; perhaps a proxy or firewall stands in between",
        )


def _mend(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _AUTHORITIES:
        return (
            "who signed it is not known here: a firewall that looks into TLS must leave this host "
            "alone, or a host program gives HttpTransport its ca_bundle"
        )
    return "check the address, the certificate of the host, and this machine's clock"
