"""The command line: everything an administrator does, in a terminal or a script.

A new command is a click command in a file of its own and a line in `main`.
"""
