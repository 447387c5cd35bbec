"""``python -m nengo_dense`` is the command ``nengo-dense``."""

import sys

from nengo_dense.cli import main

if __name__ == "__main__":
    sys.exit(main())
