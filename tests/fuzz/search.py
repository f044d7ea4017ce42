"""Searches one parser for inputs that break it, led by coverage (atheris, which is libFuzzer).

    python tests/fuzz/search.py telegram_webhook --seconds 15

It ends with status 0 where nothing was found. A find is written to `tests/fuzz/samples/TARGET` and
is a test of its own from then on. The corpus in the repository is read and never changed; what is
learned goes to --learned, so that a longer search can go on later.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONGEST_INPUT = 16_384
SECONDS_AN_INPUT = 10
MEGABYTES = 1024


def main() -> None:
    """Search one target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--runs", type=int, default=-1, help="inputs to try at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--learned", type=Path, help="folder for inputs that led further")
    parser.add_argument("--samples", type=Path, default=HERE / "samples", help="folder for finds")
    given = parser.parse_args()

    import atheris

    sys.path.insert(0, str(HERE))
    with atheris.instrument_imports(include=["chatbridge", "chatbridge_telegram"]):
        import targets
    import mutations

    logging.disable(logging.CRITICAL)
    target = targets.TARGETS[given.target]
    finds = given.samples / given.target
    finds.mkdir(parents=True, exist_ok=True)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        if seed % 3 == 0:
            return bytes(atheris.Mutate(data, max_size))
        return mutations.mutated(given.target, data, random.Random(seed))[:max_size]

    with tempfile.TemporaryDirectory() as scratch:
        learned = given.learned or Path(scratch)
        learned.mkdir(parents=True, exist_ok=True)
        options = [
            f"-max_total_time={given.seconds}", f"-runs={given.runs}", f"-seed={given.seed}",
            f"-timeout={SECONDS_AN_INPUT}", f"-rss_limit_mb={MEGABYTES}",
            f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={finds}/", "-print_final_stats=1",
            "-verbosity=0",
        ]  # fmt: skip
        folders = [learned, HERE / "corpus" / given.target]
        atheris.Setup([sys.argv[0], *options, *map(str, folders)], target, custom_mutator=mutate)
        # Ends the process, with a status of its own after a find.
        atheris.Fuzz()


if __name__ == "__main__":
    main()
