"""Figures show in a notebook, once, and are figures like others."""

import pickle

import pytest

from nengo_dense import compat

pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")

PNG = b"\x89PNG"


def figure():
    drawn = compat.new_figure(3, 2)
    drawn.subplots().plot([1, 2, 3])
    return drawn


def test_a_figure_has_the_picture_that_notebooks_ask_for():
    assert figure()._repr_png_().startswith(PNG)


def test_a_figure_is_not_on_pyplots_list():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    figure()
    assert pyplot.get_fignums() == before


def test_a_figure_can_be_saved_and_pickled(tmp_path):
    again = pickle.loads(pickle.dumps(figure()))
    again.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(PNG)


def test_ipython_shows_a_figure_once():
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    shown, _ = formatters.DisplayFormatter().format(figure())
    assert set(shown) == {"text/plain", "image/png"}
