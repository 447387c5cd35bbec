"""Figures that a notebook shows; loaded only for drawing, because it needs matplotlib."""

import io

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure that a notebook shows as the last value of a cell, without pyplot.

    pyplot also makes IPython show figures, but it keeps a list of them, and a notebook would show
    each figure twice.
    """

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()
