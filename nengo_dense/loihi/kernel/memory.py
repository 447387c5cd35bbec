"""Memory for the large arrays of a run, used again as soon as nobody holds them.

To get new memory from the system takes longer than to fill it: each page is cleared at its first
use, one after another. In runs of small networks that was a quarter of all time.
"""

import math
import sys
import threading

import numpy as np
from numpy.typing import DTypeLike

#: Bytes below the largest piece after which glibc still adapts (``DEFAULT_MMAP_THRESHOLD_MAX``).
LARGEST_PIECE = (1 << 25) - (1 << 16)
#: Pieces for arrays of one kind: while one is written, somebody may still read the one before.
FEW = 2


def keep_what_is_freed() -> None:
    """Let the C library keep smaller arrays' memory for the next ones.

    Where many functions make arrays in turn, as tuning does in each update. glibc returns what is
    freed to the system unless it has seen larger pieces come and go (mallopt(3), on
    ``M_MMAP_THRESHOLD``); so one does, which nobody writes to. Other libraries do as they did.
    """
    np.empty(LARGEST_PIECE, dtype=np.uint8)


class Memory:
    """Memory for arrays that are needed one after another, such as the records of each run.

    An array may be held for any time, as may views of it. Its memory then is not used again.
    Threads may share it.

    Parameters
    ----------
    most : int
        Pieces to keep.
    """

    def __init__(self, most: int = FEW) -> None:
        self._most = most
        self._pieces: list[np.ndarray] = []
        self._sizes: list[int] = []
        self._alone = 0
        self._turn = threading.Lock()

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
        """Return an array of this shape and type, with any values."""
        n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
        if not n_bytes:  # no piece need be kept for it
            return np.empty(shape, dtype)
        with self._turn:
            number = self._find(n_bytes)
            array: np.ndarray = np.ndarray(shape, dtype, self._pieces[number])
            return array

    def _find(self, n_bytes: int) -> int:
        """Find the smallest piece that is large enough and that nobody holds, or make one."""
        found = -1
        for number, size in enumerate(self._sizes):  # a name for a piece would count as a holder
            better = n_bytes <= size and (found < 0 or size < self._sizes[found])
            if better and self._holders(number) == self._alone:
                found = number
        if found < 0:
            self._pieces = [*self._pieces, np.empty(n_bytes, dtype=np.uint8)][-self._most :]
            self._sizes = list(map(len, self._pieces))
            self._alone, found = self._holders(-1), len(self._pieces) - 1
        return found

    def _holders(self, number: int) -> int:
        """Count who refers to a piece; every view of an array refers to its memory."""
        return sys.getrefcount(self._pieces[number])
