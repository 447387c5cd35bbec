"""Whatever nengo-loihi raises while it builds names the object that stands in the way."""

import nengo
import pytest
from nengo.exceptions import BuildError, SimulationError

from nengo_dense.loihi.build_error import explained


def build(obj, error):
    """Raise, as a builder of nengo-loihi does that is asked to build an object."""
    raise error


@pytest.fixture
def layer():
    with nengo.Network():
        return nengo.Ensemble(2, 1, label="layer")


def test_an_error_that_names_nothing_gets_the_object(layer):
    with (
        pytest.raises(BuildError, match=r"^no room \(while building <Ensemble .layer.>\)$"),
        explained("network"),
    ):
        build(layer, BuildError("no room"))


def test_an_error_that_names_the_object_stays_as_it_is(layer):
    with pytest.raises(BuildError, match=r"^layer has no room$"), explained("network"):
        build(layer, BuildError("layer has no room"))


def test_an_error_outside_any_object_stays_as_it_is():
    with pytest.raises(BuildError, match=r"^no room$"), explained("network"):
        raise BuildError("no room")


@pytest.mark.parametrize(
    "error", [SimulationError("not of building"), UserWarning("raised as an error")]
)
def test_other_errors_of_nengo_and_warnings_pass_unchanged(layer, error):
    with pytest.raises(type(error), match=f"^{error}$") as caught, explained("network"):
        build(layer, error)
    assert caught.value is error


def test_any_other_error_becomes_one_of_building(layer):
    with (
        pytest.raises(
            BuildError,
            match=r"^nengo-loihi cannot build <Ensemble .layer.>: KeyError: without a message$",
        ),
        explained("network"),
    ):
        build(layer, KeyError())
    with (
        pytest.raises(BuildError, match=r"^nengo-loihi cannot build network: TypeError: odd$"),
        explained("network"),
    ):
        raise TypeError("odd")
