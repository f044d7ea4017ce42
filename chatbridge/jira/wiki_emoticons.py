"""The emoticons of Jira's wiki markup, and what shows each."""

from __future__ import annotations

EMOTICONS = {
    ":)": "🙂", ":-)": "🙂", ":(": "🙁", ":-(": "🙁", ":P": "😛", ":p": "😛", ":-P": "😛",
    ":D": "😀", ":-D": "😀", ";)": "😉", ";-)": "😉",
    "(y)": "👍", "(n)": "👎", "(/)": "✅", "(x)": "❌", "(!)": "⚠️", "(?)": "❓",
    "(i)": "\N{INFORMATION SOURCE}\ufe0f", "(+)": "\N{HEAVY PLUS SIGN}",
    "(-)": "\N{HEAVY MINUS SIGN}", "(on)": "💡", "(off)": "🔌", "(*)": "⭐", "(*r)": "⭐",
    "(*g)": "⭐", "(*b)": "⭐", "(*y)": "⭐", "(flag)": "🚩", "(flagoff)": "🏳️",
}  # fmt: skip
"""From the page "Text Formatting Notation Help" of Jira."""
