"""A real bridge for hours behind bad connections: `python -m tests.soak --hours 72`."""
