"""A deterministic world: the real bridge between simulators, and every fault we could think of.

One list of steps decides everything: what people do, what fails, who works when, how time passes.
The judges see a truth that the library cannot. See docs/design/the-world.md.
"""
