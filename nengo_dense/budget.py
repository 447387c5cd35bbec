"""One budget a file: how much a model, a network or a data set may take when it is read.

A small file can declare terabytes, name one tensor thousands of times, or nest groups without end.
Every reader asks its budget *before* it allocates or goes on. All limits stand in this module.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from nengo_dense.exceptions import ConversionError, FileFormatError

#: Bytes of a number once it is read: all are computed with as float64, in whatever type they lie.
NUMBER_BYTES = 8

#: Deflate cannot shrink data more (RFC 1951: 258 bytes in 2 bits).
MOST_COMPRESSION = 1032


class Limit(NamedTuple):
    """How much there may be of something in one file.

    Parameters
    ----------
    most : int
    unit : str
        Plural noun, for messages.
    """

    most: int
    unit: str


#: What is taken out of a file, 1 GiB: a layer of 4096 x 4096 float64 weights, the largest whose
#: fan-in fits on a Loihi core, is an eighth of it.
DATA = Limit(2**30, "bytes of data")
#: Members of an archive, before anything in them is looked at.
UNPACKED = Limit(2**30, "bytes to unpack")
#: The same as `DATA` of a data set: it may be larger than models, but must be in memory at once.
SAMPLES = Limit(2**33, "bytes of data")
#: A configuration as JSON, 32 MiB: 10,000 layers take 20. Python's objects of it are 30 times it.
TEXT = Limit(2**25, "bytes of text")
#: Arrays of an archive: five for each of the most layers.
ARRAYS = Limit(50_000, "arrays")
#: Bytes of the header of an array, of which NumPy itself takes 10,000.
MOST_HEADER = 10_012
#: Layers or nodes. Each takes a core at least, so that these would fill 78 chips.
LAYERS = Limit(10_000, "layers")
#: Weights of all layers together, 1 GiB of float64; a chip has 2**24 bytes for synapses.
WEIGHTS = Limit(2**27, "weights")
#: Numbers of all constants that are read or computed, 1 GiB of float64.
CONSTANTS = Limit(2**27, "numbers in constants")
#: Groups and arrays of an HDF5 file: ten for each layer.
PARTS = Limit(100_000, "groups and arrays")
#: Groups in groups.
DEPTH = Limit(64, "groups in one another")


class Budget:
    """Counts what is taken of one file.

    Parameters
    ----------
    name : str
        The model's name in messages about its layers.
    """

    def __init__(self, name: str = "The model") -> None:
        self.name = name
        self.taken: Counter[Limit] = Counter()

    def left(self, limit: Limit) -> int:
        """Return how much of something may still be taken."""
        return limit.most - self.taken[limit]

    def take(self, limit: Limit, n: int, what: str) -> None:
        """Count what comes next, or refuse it.

        Parameters
        ----------
        limit : Limit
        n : int
        what : str
            What declares so many, for the message.

        Raises
        ------
        nengo_dense.exceptions.FileFormatError
            All bytes together are more than the limit.
        nengo_dense.exceptions.ConversionError
            All layers, weights or constants together are more than the limit.
        """
        if n <= self.left(limit):
            self.taken[limit] += n
            return
        before = f" after {self.taken[limit]} before it" if self.taken[limit] else ""
        text = (
            f"{what} declares {n} {limit.unit}{before}, more than the limit of {limit.most} "
            f"{limit.unit} for one file; the file is damaged, or no model that Loihi can hold"
        )
        if limit in (LAYERS, WEIGHTS, CONSTANTS):
            raise ConversionError(self.name, [text])
        raise FileFormatError(text)


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def spending(name: str = "The model") -> Iterator[Budget]:
    """Open a budget, which `current` returns until the end of this context."""
    token = _current.set(Budget(name))
    try:
        yield current()
    finally:
        _current.reset(token)


def current() -> Budget:
    """Return the open budget, or a new one where a part is read by itself."""
    return _current.get() or Budget()
