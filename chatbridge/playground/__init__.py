"""The playground: phones, a desk and the real bridge between simulators, on one local web page.

For trying things out with made-up data; nothing here ever talks to the outside.
"""
