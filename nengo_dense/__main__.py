"""``python -m nengo_dense`` and the command ``nengo-dense``."""

import os
import signal
import sys
from typing import Any

#: The exit code of shells for Ctrl-C.
INTERRUPTED = 130


def main() -> int:
    """Run the command line; Ctrl-C while its modules are imported is one line, too."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    try:
        from nengo_dense.cli import main as run
    finally:
        signal.signal(signal.SIGINT, before)
    return run()


def _end(*_: Any) -> None:
    """End at once: extensions that are being imported would make other errors of Ctrl-C."""
    os.write(2, b"nengo-dense: interrupted\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
