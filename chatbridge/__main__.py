"""The command `chatbridge`, also `python -m chatbridge`; says how to install what it needs."""

from __future__ import annotations

import sys

_NEEDED = {"click", "rich"}


def main() -> None:
    """Run the command line; without its libraries, say what to install and exit with 1."""
    try:
        from chatbridge.cli.main import chatbridge
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _NEEDED:
            raise
        sys.exit("error: the command line needs more: pip install 'chatbridge-jsm[cli]'")
    chatbridge(prog_name="chatbridge")


if __name__ == "__main__":
    main()
