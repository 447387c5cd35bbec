"""List every ``raise`` of the package that no test reaches, from the data of ``make coverage``.

    python tests/unreached_raises.py

Ends with an error if there is one. What no test can reach is marked in the source with
``# pragma: no cover`` and the reason; a refusal that nothing at all can reach is deleted. Files in
which coverage sees no lines are left out (``omit`` in pyproject.toml); tests match their words.
"""

import ast
import sys
from pathlib import Path


def raises_in(source):
    """Yield the lines of ``raise`` statements.

    >>> list(raises_in("def f(x):\\n    if x:\\n        raise ValueError(\\n            x)"))
    [3]
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise):
            yield node.lineno


def main():
    """Print the unreached ones; return the exit status."""
    from coverage import Coverage

    measured = Coverage()
    measured.load()
    unreached, n = [], 0
    for name in sorted(measured.get_data().measured_files()):
        source = Path(name).read_text(encoding="utf-8")
        missing, lines = set(measured.analysis2(name)[3]), source.splitlines()
        found = sorted(raises_in(source))
        n += len(found)
        unreached += [f"{name}:{k}: {lines[k - 1].strip()}" for k in found if k in missing]
    print(*unreached, f"{len(unreached)} of {n} raises reached by no test", sep="\n")
    return 1 if unreached else 0


if __name__ == "__main__":
    sys.exit(main())
