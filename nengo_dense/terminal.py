"""Safe text for a terminal: labels and messages can come from a file of unknown origin."""

import unicodedata

#: Unicode categories without a visible character: control characters (escape sequences use them),
#: unpaired surrogates, which cannot be encoded, and line separators.
UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
#: Marks that reverse the direction of writing, so that a text looks like another one.
TURNING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str, keep: str = "\n") -> str:
    """Replace invisible characters, which could control a terminal, by their numbers.

    >>> printable(chr(27) + "[31m") == chr(92) + "x1b[31m"
    True
    """
    return "".join(
        c.encode("unicode_escape").decode("ascii") if _steers(c) and c not in keep else c
        for c in text
    )


def _steers(character: str) -> bool:
    return unicodedata.category(character) in UNSEEN or character in TURNING
