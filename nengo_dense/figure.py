"""Figures that a notebook shows; loaded when something is drawn, as it needs matplotlib."""

import io

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure that is not on pyplot's list, and that a notebook shows as a cell's last value.

    IPython shows figures once pyplot has told it how, which nothing here does: pyplot keeps its
    figures, and a notebook would show them a second time.
    """

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()
