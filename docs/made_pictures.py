"""Makes the pictures of the documentation: the playground with its example, in a headless Chromium.

Needs Chromium and pngquant (on Debian: apt-get install chromium pngquant).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).parent / "pictures" / "playground.png"
_PATIENCE = 120


def main() -> None:
    """Write the picture anew."""
    command = [sys.executable, "-m", "chatbridge", "playground", "--example"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as playground,  # noqa: S603
    ):
        try:
            assert playground.stdout is not None
            address = playground.stdout.readline().strip()
            _take(f"{address}#unsealed", folder)
        finally:
            playground.terminate()
    smaller = ["pngquant", "--force", "--ext", ".png", "--speed", "1", "256", str(PICTURE)]
    subprocess.run(smaller, check=True)  # noqa: S603


def _take(address: str, folder: str) -> None:
    # Chromium runs as root only without its sandbox; the page is our own.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    chromium = [
        "chromium", "--headless", *as_root, "--disable-gpu", "--disable-dev-shm-usage",
        "--hide-scrollbars", "--force-prefers-reduced-motion", "--window-size=1280,800",
        "--virtual-time-budget=4000", f"--user-data-dir={folder}", f"--screenshot={PICTURE}",
        address,
    ]  # fmt: skip
    subprocess.run(chromium, check=True, stderr=subprocess.DEVNULL, timeout=_PATIENCE)  # noqa: S603


if __name__ == "__main__":
    main()
