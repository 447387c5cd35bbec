"""What passes between host and chip arrives when nengo-loihi says."""

import numpy as np
import pytest

from nengo_dense.emulator.host.channel import Channels, ErrorSender, Receiver, SpikeSender


def test_every_value_but_zero_is_a_spike_in_its_columns():
    channels = Channels(2, n_inputs=6)
    channels.begin(4)
    channels.step = 1
    channels.send(SpikeSender(first=2, size=3), np.array([[0.0, 1e-9, 1000.0], [-1.0, 0.0, 0.0]]))
    expected = np.zeros((2, 4, 6), dtype=np.uint8)
    expected[:, 1, 2:5] = [[0, 1, 1], [1, 0, 0]]
    np.testing.assert_array_equal(channels.spikes, expected)


def test_errors_are_kept_though_the_signal_changes_and_summed_by_synapse():
    senders = [ErrorSender(learning=1), ErrorSender(learning=0), ErrorSender(learning=1)]
    channels = Channels(2, ends=dict(enumerate(senders)))
    error = np.ones((2, 3))
    for sender in senders[::2]:
        channels.send(sender, error)
    error[...] = 5
    assert list(channels.errors()) == [1]
    np.testing.assert_array_equal(channels.errors()[1], np.full((2, 3), 2.0))


def read(receiver, first_step, n_steps):
    """Join what is read in a step and in those after it."""
    now, later = receiver.values(first_step, n_steps)
    return np.concatenate([now[np.newaxis], later])


def test_what_is_read_is_not_copied():
    receiver, values = Receiver(2, 1), np.arange(12.0).reshape(6, 2, 1)
    receiver.receive(1, values)
    assert np.shares_memory(receiver.values(1, 6)[1], values)


def test_taking_turns_the_host_sees_zeros_and_then_the_chip_a_step_late():
    receiver, seen = Receiver(2, 1), []
    for step in range(1, 6):  # the host runs first in every step
        seen.append(receiver.values(step, 1)[0][0, 0])
        receiver.receive(step, np.full((1, 2, 1), float(step)))
    assert seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("parts", [[6], [1, 2, 3], [4, 1, 1]])
def test_where_the_chip_runs_ahead_its_first_step_is_seen_twice(parts):
    receiver, seen, first = Receiver(2, 1), [], 1
    for n_steps in parts:
        steps = np.arange(first, first + n_steps, dtype=float)
        receiver.receive(first, steps[:, None, None].repeat(2, axis=1))
        seen += read(receiver, first, n_steps)[:, 0, 0].tolist()
        first += n_steps
    assert seen == [1, 1, 2, 3, 4, 5]


def test_a_host_reads_a_part_in_as_many_turns_as_it_likes():
    receiver = Receiver(2, 1)
    receiver.receive(1, np.arange(1.0, 7.0)[:, None, None].repeat(2, axis=1))
    turns = [read(receiver, first, n) for first, n in ((1, 1), (2, 1), (3, 3), (6, 1))]
    assert np.concatenate(turns)[:, 0, 0].tolist() == [1, 1, 2, 3, 4, 5]


def test_values_are_finished_when_they_are_read():
    receiver = Receiver(2, 3, finish=lambda values: 10.0 * values)
    receiver.receive(1, np.arange(1, 4, dtype=np.uint8)[:, None, None].repeat(3, axis=2))
    assert read(receiver, 1, 3)[:, 0, 2].tolist() == [10, 10, 20]
    assert read(receiver, 3, 1)[:, 0, 2].tolist() == [20]


def test_a_reset_receiver_has_zeros():
    receiver = Receiver(2, 3)
    receiver.receive(1, np.ones((1, 2, 3)))
    receiver.reset()
    np.testing.assert_array_equal(read(receiver, 1, 1), np.zeros((1, 2, 3)))


def test_every_part_of_a_run_begins_without_spikes():
    channels = Channels(2, n_inputs=3)
    for n_steps in (4, 4, 1):
        channels.begin(n_steps)
        assert channels.spikes.shape == (2, n_steps, 3)
        assert not channels.spikes.any()
        channels.send(SpikeSender(first=0, size=3), np.ones((2, 3)))
        assert channels.spikes[:, 0].all()


def test_inputs_to_which_no_host_sends_have_no_spikes():
    sender = SpikeSender(first=1, size=2)
    channels = Channels(2, n_inputs=5, ends={0: sender})
    for value in (1.0, 0.0):
        channels.begin(3)
        channels.spikes[...] = 7  # memory is used again
        channels.begin(3)
        for channels.step in range(3):
            channels.send(sender, np.full((2, 2), value))
        assert (channels.spikes == [0, value, value, 0, 0]).all()


def test_a_part_that_needs_more_memory_than_there_is_may_be_made_smaller():
    channels = Channels(2, n_inputs=3)
    with pytest.raises(MemoryError):
        channels.begin(2**55)
    channels.begin(4)
    assert channels.spikes.shape == (2, 4, 3)
