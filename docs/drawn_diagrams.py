"""Draws the Mermaid diagrams of the pages as pictures for the site: docs/diagrams/<digest>.svg.

Needed after a diagram was changed. It takes Mermaid's own library (`npm pack mermaid`, then
`package/dist/mermaid.min.js` of the archive) and a Chromium, both of which the build of the site
does without:

    python docs/drawn_diagrams.py package/dist/mermaid.min.js [chromium]
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "diagrams"
_DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r'<svg id="d([0-9a-f]{16})".*?</svg>', re.DOTALL)
_PAGE = """<!doctype html><meta charset="utf-8"><body><script src="mermaid.js"></script><script>
mermaid.initialize({{startOnLoad: false, htmlLabels: false, flowchart: {{htmlLabels: false}},
  deterministicIds: true, theme: "neutral", fontFamily: "sans-serif"}});
(async () => {{
  for (const [name, text] of Object.entries({diagrams})) {{
    const {{svg}} = await mermaid.render("d" + name, text);
    document.body.insertAdjacentHTML("beforeend", svg);
  }}
}})();
</script>"""


def digest_of(diagram: str) -> str:
    """Return the name under which the picture of a diagram is kept."""
    return sha256(diagram.strip().encode()).hexdigest()[:16]


def diagrams() -> dict[str, str]:
    """Return the diagrams of all pages by their digests."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("adapters/*/README.md")]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    return {digest_of(found): found for text in texts for found in _DIAGRAM.findall(text)}


def draw(library: Path, chromium: str) -> list[str]:
    """Draw every diagram anew and remove pictures of none; return the names of the pictures."""
    wanted = diagrams()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "mermaid.js").write_bytes(library.read_bytes())
        page = Path(folder) / "page.html"
        page.write_text(_PAGE.format(diagrams=json.dumps(wanted)), encoding="utf-8")
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += [f"--user-data-dir={folder}/profile", "--virtual-time-budget=20000", str(page)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603
    drawn = {
        found[1]: _sized(found[0])
        for found in _PICTURE.finditer(done.stdout)
        if 'aria-roledescription="error"' not in found[0]
    }
    missing = sorted(set(wanted) - set(drawn))
    if missing:
        raise SystemExit(f"Mermaid cannot read: {wanted[missing[0]]}")
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.svg"):
        old.unlink()
    for name in wanted:
        (PICTURES / f"{name}.svg").write_text(drawn[name] + "\n", encoding="utf-8")
    return sorted(wanted)


def _sized(picture: str) -> str:
    """Return a picture as XML that knows its own size, as an image needs it."""
    size = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', picture)
    if size is None:
        raise SystemExit("Mermaid drew a picture without a size")
    width, height = (round(float(each)) for each in size.groups())
    sized = picture.replace('width="100%"', f'width="{width}" height="{height}"', 1)
    return sized.replace("<br>", "<br/>")


if __name__ == "__main__":
    sys.stdout.write("\n".join(draw(Path(sys.argv[1]), *(sys.argv[2:] or ["chromium"]))) + "\n")
