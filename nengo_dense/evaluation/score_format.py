"""How the measure that counts is written: shares in per cent, R2 as the number that it is."""

from typing import NamedTuple


class ScoreFormat(NamedTuple):
    """How a measure, its differences and agreement are written and drawn.

    Attributes
    ----------
    label : str
        In tables.
    is_share : bool
        Whether it is a share of samples or labels, so that per cent say more than a number.
    points : str
        Unit of differences in hundredths, where they have one.
    agreement : str
        What agreement with a source is.
    """

    label: str
    is_share: bool
    points: str
    agreement: str

    @property
    def scale(self) -> float:
        """(float) What a drawn number is multiplied by."""
        return 100.0 if self.is_share else 1.0

    @property
    def axis(self) -> str:
        """(str) Label of an axis for the measure alone."""
        return f"{self.label} (%)" if self.is_share else self.label

    @property
    def unit(self) -> str:
        """(str) Label of an axis for the measure beside agreement."""
        return "%" if self.is_share else self.label

    def value(self, score: float) -> str:
        """Write a score, or an agreement."""
        return f"{score:.2%}" if self.is_share else f"{score:.4f}"

    def interval(self, bounds: tuple[float, float]) -> str:
        """Write the interval of a score."""
        return " to ".join(map(self.value, bounds))

    def difference(self, change: float) -> str:
        """Write how far a score is from another one: in points, or in its own numbers."""
        return f"{100 * change:+.2f}" if self.is_share else f"{change:+.4f}"

    def loss(self, lost: float) -> str:
        """Write a loss in words."""
        return f"{100 * lost:.2f} points" if self.is_share else f"{lost:.4f} in {self.label}"


#: Name of the measure -> how it is written.
FORMATS = {
    "accuracy": ScoreFormat(
        "accuracy", True, "points of accuracy", "agreement with the source model"
    ),
    "macro_f1": ScoreFormat(
        "macro F1", True, "points of macro F1", "agreement with the source model"
    ),
    "r2": ScoreFormat("R2", False, "R2", "R2 with the source model's values as the right ones"),
}
