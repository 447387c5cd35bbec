"""Data with names for tests that need neither pandas nor xarray."""

import numpy as np


class Frame:
    """As pandas and polars: rows whose columns have names."""

    def __init__(self, columns, rows):
        self.columns = columns
        self.rows = np.asarray(rows)
        self.shape = self.rows.shape

    def __len__(self):
        return len(self.rows)

    def __iter__(self):  # of pandas; polars has the columns themselves
        return iter(self.columns)

    def __array__(self, dtype=None, copy=None):
        return self.rows if dtype is None else self.rows.astype(dtype)


class Table(Frame):
    """As Arrow: the columns are the values, and have names elsewhere."""

    def __init__(self, columns, rows):
        super().__init__(columns, rows)
        self.column_names, self.columns = list(columns), list(self.rows.T)


class Row:
    """As one row of pandas."""

    def __init__(self, index, values):
        self.index = index
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)


class DataArray:
    """As xarray: an array whose axes have names, and some of them one for each place."""

    def __init__(self, values, dims, **coords):
        self.values = np.asarray(values)
        self.ndim, self.shape = self.values.ndim, self.values.shape
        self.dims = dims
        self.coords = self.indexes = coords

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)
