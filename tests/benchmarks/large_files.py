"""P9: how much memory a file of 200 MB takes on its way through, and whether any of it is written.

The exchanges are those of the journeys. Telegram takes files of 50 MB at most from a bot, so the
way out ends in an upload as an adapter of another platform describes it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatbridge import (
    Attachment,
    CloudDesk,
    FileKind,
    FormPart,
    HttpRequest,
    Plugins,
    Secret,
    SiteSettings,
)
from chatbridge.exchange import carry_out
from chatbridge.roster import party_of_adapter, party_of_desk
from chatbridge.transport import HttpTransport
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.stage import TOKEN, unpaced

_SIZE = 200 * 2**20
_QUICK = 40 * 2**20
_WRITING = os.O_WRONLY | os.O_RDWR


class _WrittenFiles:
    """Counts files that are opened for writing while it is told to."""

    def __init__(self) -> None:
        self.count = 0
        self.counting = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if self.counting and event == "open" and isinstance(given[2], int) and given[2] & _WRITING:
            self.count += 1


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of P9."""
    size = _QUICK if quick else _SIZE
    command = [sys.executable, "-m", "tests.benchmarks.file_far_side", "--size", str(size)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        try:
            with unpaced(HttpTransport()) as transport:
                return _both_ways(url, transport, size)
        finally:
            process.kill()


def _both_ways(url: str, transport: HttpTransport, size: int) -> list[Figure]:
    site = SiteSettings(url=url, name="acme", account="bot@acme", token=Secret("token"))
    desk = CloudDesk(site)
    plugin = Plugins().adapter("telegram").adapter
    adapter = plugin(plugin.settings_schema(token=Secret(TOKEN), api_url=url), None)
    ours, theirs = party_of_desk(desk), party_of_adapter(adapter)
    carry_out(desk.identify(), transport, ours)

    def to_jira() -> None:
        file = Attachment(FileKind.DOCUMENT, "f.zip", ref="f", size=size)
        content = carry_out(adapter.fetch(file), transport, theirs)
        carry_out(desk.upload_file("1", "f.zip", content), transport, ours)

    def to_chat() -> None:
        content = carry_out(desk.open_file("1"), transport, ours)
        parts = (FormPart("document", content, filename="f.zip"),)
        request = HttpRequest("POST", f"{url}/bot{TOKEN}/sendDocument", parts=parts)
        assert transport.send(request, theirs).status == 200

    written = _WrittenFiles()
    megabytes = size // 2**20
    found = [
        at_most(f"P9 memory for {megabytes} MB {way}", _most_memory(carry, written), 40, "", " MB")
        for way, carry in (("from a chat to Jira", to_jira), ("from Jira to a chat", to_chat))
    ]
    taken = transport.send(HttpRequest("GET", f"{url}/taken"), ours)
    assert int(taken.body) > 2 * size, "the files did not arrive"
    return [*found, at_most("P9 files written meanwhile", written.count, 0)]


def _most_memory(carry: Callable[[], None], written: _WrittenFiles) -> float:
    """Return by how many MB the resident memory grew at most."""
    # Linux: the highest value is forgotten.
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    written.counting = True
    carry()
    written.counting = False
    return _resident("VmHWM") - before


def _resident(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
