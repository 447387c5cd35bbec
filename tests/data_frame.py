"""A data frame for tests that need no pandas."""

import numpy as np


class Frame:
    """As pandas and polars: rows whose columns have names."""

    def __init__(self, columns, rows):
        self.columns = columns
        self.rows = np.asarray(rows)
        self.shape = self.rows.shape

    def __array__(self, dtype=None, copy=None):
        return self.rows if dtype is None else self.rows.astype(dtype)
