"""What a terminal may be sent: labels and messages can come from a file of unknown origin."""

import unicodedata

#: Unicode categories that are not characters to look at: control characters, of which escape
#: sequences are made, halves of a pair that cannot be encoded, and separators of lines.
UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
#: Marks that turn the direction of writing round, so that a text reads as what it is not.
TURNING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str, keep: str = "\n") -> str:
    """Write characters that steer a terminal, and do not show, by their numbers.

    >>> printable(chr(27) + "[31m") == chr(92) + "x1b[31m"
    True
    """
    return "".join(
        c.encode("unicode_escape").decode("ascii") if _steers(c) and c not in keep else c
        for c in text
    )


def _steers(character: str) -> bool:
    return unicodedata.category(character) in UNSEEN or character in TURNING
