"""Where the records are: reads what follows `redis:` or `rediss:` in the storage setting.

Nothing of the setting is ever repeated in an error, since it may hold a password.
"""

from __future__ import annotations

import re
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field, frozen

from chatbridge import ConfigurationError, Secret

_OPTIONS = {"prefix", "durable", "ca", "plain", "timeout", "db"}
_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HERE = ("localhost", "127.0.0.1", "::1")
_FORM = (
    "storage: write redis:/path/of/socket, redis://localhost:6379/0 or "
    "rediss://user:password@host:6379/0, with %xx for special characters of the password"
)


@frozen(kw_only=True)
class Place:
    """A database of a Redis server, and how to reach it.

    Args:
        host: name or address; empty with a socket.
        port: of the host.
        socket: path of a Unix socket.
        database: its number.
        user: name of an account of the server.
        password: of the account.
        tls: whether to speak TLS; certificates and host names are always checked.
        ca: file with the certificates to trust instead of the system's.
        prefix: what the names of all keys begin with, for several bridges in one database.
        durable: whether to refuse a server that keeps no log of its writes.
        timeout: seconds for one answer.
    """

    host: str = ""
    port: int = 6379
    socket: str = ""
    database: int = 0
    user: str = ""
    password: Secret | None = None
    tls: bool = False
    ca: str | None = None
    prefix: str = "chatbridge"
    durable: bool = True
    timeout: float = field(default=5.0)

    @classmethod
    def read(cls, scheme: str, rest: str) -> Self:
        """Return the place that a storage setting names.

        Args:
            scheme: "redis" or "rediss".
            rest: what follows the colon.

        Raises:
            ConfigurationError: it cannot be read, or would send a password in plain text to
                another machine.
        """
        found: Self | None = None
        problem = _FORM
        try:
            found = cls._read(scheme, rest)
        except ConfigurationError as error:
            problem = str(error)
        except ValueError:
            pass  # Its text repeats the setting.
        if found is None:
            raise ConfigurationError(problem)
        return found

    @classmethod
    def _read(cls, scheme: str, rest: str) -> Self:
        parts = urlsplit(rest)
        if parts.scheme or parts.fragment or not (parts.hostname or parts.path.startswith("/")):
            raise ConfigurationError(_FORM)
        given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        if unknown := given.keys() - _OPTIONS:
            known = ", ".join(sorted(_OPTIONS))
            raise ConfigurationError(f"storage: {len(unknown)} unknown option(s); known: {known}")
        if not _PREFIX.fullmatch(given.get("prefix", "chatbridge")):
            raise ConfigurationError("storage: prefix is up to 64 of A-Z a-z 0-9 _ . -")
        host, tls = parts.hostname or "", scheme == "rediss"
        if tls and not host:
            raise ConfigurationError("storage: rediss: needs a host, as in rediss://host:6379/0")
        if host and not tls and host not in _HERE and not _yes(given, "plain", False):
            raise ConfigurationError(
                "storage: records and password would travel without encryption; use rediss:, or "
                "add ?plain=yes where nobody else can listen"
            )
        number = parts.path.strip("/") if host else given.get("db", "")
        return cls(
            host=host,
            port=parts.port or 6379,
            socket="" if host else parts.path,
            database=int(number or 0),
            user=unquote(parts.username or ""),
            password=Secret(unquote(parts.password)) if parts.password else None,
            tls=tls,
            ca=given.get("ca"),
            prefix=given.get("prefix", "chatbridge"),
            durable=_yes(given, "durable", True),
            timeout=float(given.get("timeout", 5)),
        )

    def arguments(self) -> dict[str, Any]:
        """Return what redis-py's client takes."""
        given: dict[str, Any] = {
            "db": self.database,
            "username": self.user or None,
            "password": self.password.reveal() if self.password else None,
            "socket_timeout": self.timeout,
            "socket_connect_timeout": self.timeout,
        }
        if self.socket:
            return {**given, "unix_socket_path": self.socket}
        given |= {"host": self.host, "port": self.port}
        if self.tls:
            given |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
            given |= {"ssl_ca_certs": self.ca}
        return given


def _yes(given: dict[str, str], name: str, default: bool) -> bool:
    said = given.get(name, "yes" if default else "no")
    if said not in {"yes", "no"}:
        raise ConfigurationError(f"storage: {name} is yes or no")
    return said == "yes"
