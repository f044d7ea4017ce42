"""Does everything that is due, then ends: the bridge as a cron job, with no thread left behind.

Set the project up in this folder first (`chatbridge init`, `chatbridge project set`). Then, every
minute, with CHATBRIDGE_SITE_URL, CHATBRIDGE_SITE_ACCOUNT and CHATBRIDGE_SITE_TOKEN set:

    * * * * *  cd /srv/support && python cron_worker.py

Two runs may overlap: one bot is only ever polled by one of them.
"""

from __future__ import annotations

import os
import sys

from chatbridge import Bridge, CloudDesk, Secret, SiteSettings, root_key_from_file


def main() -> int:
    """Return 0 when everything was done, 1 when the next run has to go on."""
    site = SiteSettings(
        url=os.environ["CHATBRIDGE_SITE_URL"],
        account=os.environ["CHATBRIDGE_SITE_ACCOUNT"],
        token=Secret(os.environ["CHATBRIDGE_SITE_TOKEN"]),
    )
    with Bridge(
        storage="sqlite:chatbridge.db",
        root_keys=root_key_from_file("chatbridge.key"),
        sites=[CloudDesk(site)],
    ) as bridge:
        return 0 if bridge.run_once(seconds=50) else 1


if __name__ == "__main__":
    sys.exit(main())
