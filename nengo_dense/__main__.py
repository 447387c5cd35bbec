"""``python -m nengo_dense`` and the command ``nengo-dense``."""

import sys

#: The exit code of shells for Ctrl-C.
INTERRUPTED = 130


def main() -> int:
    """Run the command line; Ctrl-C while its modules are imported is one line, too."""
    try:
        from nengo_dense.cli import main as run
    except KeyboardInterrupt:
        print("nengo-dense: interrupted", file=sys.stderr)
        return INTERRUPTED
    return run()


if __name__ == "__main__":
    sys.exit(main())
