"""`python -m chatbridge_matrix USER_ID URL`: prints a registration for the homeserver."""

from __future__ import annotations

import sys

from chatbridge import ConfigurationError

from .registration import registration

_USAGE = "python -m chatbridge_matrix USER_ID URL, such as: @helpdesk:example.org https://..."


def main(arguments: list[str]) -> int:
    """Print a registration; return the exit status."""
    if len(arguments) != 2:
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        print(registration(*arguments), end="")
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
