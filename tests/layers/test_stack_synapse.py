import nengo
import pytest

from nengo_dense import DenseLayer, DenseStack


def test_a_synapse_in_milliseconds_is_said_where_the_stack_is_made():
    with pytest.warns(UserWarning, match=r"A synapse of 5 seconds .* give synapse=0\.005") as said:
        stack = DenseStack([6, 3], 4, synapse=5)
    assert said[0].filename == __file__
    assert stack.synapses == [5.0]


def test_a_slow_synapse_that_was_made_as_such_is_meant():
    assert DenseStack([6, 3], 4, synapse=nengo.Lowpass(5)).synapses[0].tau == 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DenseLayer(6, 4, bias=True), "bias: must be a number, got True"),
        (lambda: DenseLayer(6, 4, intercept=True), "intercept: must be a number, got True"),
        (lambda: DenseStack([6, 3], 4, biases=[[True] * 6, [0, 0, 1]]), "biases.0.: must be numb"),
        (lambda: DenseStack([6, 3], 4, encoding="spikes", encoder={"scale": True}), "scale: must"),
    ],
)
def test_keras_and_torch_say_whether_there_is_a_bias_and_here_a_bias_is_a_number(make, message):
    with pytest.raises(nengo.exceptions.ValidationError, match=message):
        make()
