import numpy as np
import pytest

from nengo_dense import budget
from nengo_dense.budget import CONSTANTS, DATA, LAYERS, SAMPLES, UNPACKED, WEIGHTS, Budget
from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.importers.form.operation import Affine


def test_what_is_taken_adds_up_to_the_limit():
    own = Budget()
    own.take(DATA, DATA.most - 1, "a")
    own.take(DATA, 1, "b")
    with pytest.raises(FileFormatError, match=r"c declares 1 bytes of data after 1073741824 bef"):
        own.take(DATA, 1, "c")
    assert own.left(DATA) == 0


def test_limits_are_counted_apart():
    limits = [DATA, SAMPLES, UNPACKED, LAYERS, WEIGHTS, CONSTANTS]
    own = Budget()
    for limit in limits:
        own.take(limit, limit.most, "a")
    assert len(set(limits)) == len(limits)


@pytest.mark.parametrize("limit", [LAYERS, WEIGHTS, CONSTANTS])
def test_what_a_model_has_too_much_of_names_the_model(limit):
    with pytest.raises(ConversionError, match=f"(?s)^my model cannot.* {limit.most} {limit.unit}"):
        Budget("my model").take(limit, limit.most + 1, "it")


def test_a_budget_is_open_within_its_context():
    outside = budget.current()
    with budget.spending("a") as own:
        assert budget.current() is own
        with budget.spending("b") as inner:
            assert budget.current() is inner
        assert budget.current() is own
    assert budget.current() is not outside  # each part that is read by itself has its own


def test_weights_of_all_layers_count_together():
    # an array of any size, which takes no memory
    weights = np.broadcast_to(0.0, (2**13, 2**13))
    with budget.spending("a model"):
        Affine(weights, None, "one")
        Affine(weights, None, "two")
        with pytest.raises(ConversionError, match="layer 'three' declares 67108864 weights after"):
            Affine(weights, None, "three")
