"""What passes between host and chip arrives when nengo-loihi says."""

import numpy as np

from nengo_dense.emulator.host.channel import Channels, ErrorSender, Receiver, SpikeSender

DT = 0.001


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


def test_taking_turns_the_host_sees_zeros_and_then_the_chip_a_step_late():
    receiver, seen = Receiver(2, 1, DT), []
    for step in range(1, 6):  # the host runs first in every step
        seen.append(receiver.value(step * DT)[0, 0])
        receiver.receive(step, np.full((1, 2, 1), float(step)))
    assert seen == [0, 1, 2, 3, 4]


def test_where_the_chip_runs_ahead_its_first_step_is_seen_twice():
    receiver = Receiver(2, 1, DT)
    receiver.receive(1, np.arange(1.0, 6.0)[:, None, None].repeat(2, axis=1))
    times = [step * DT for step in range(1, 6)]
    assert receiver.values(times)[:, 0, 0].tolist() == [1, 1, 2, 3, 4]


def test_values_are_finished_when_they_are_read():
    receiver = Receiver(2, 3, DT, finish=lambda values: 10.0 * values)
    for step in range(1, 4):
        receiver.receive(step, np.full((1, 2, 3), step, dtype=np.uint8))
    np.testing.assert_array_equal(receiver.value(DT), np.full((2, 3), 10.0))
    np.testing.assert_array_equal(receiver.values([3 * DT, 9 * DT])[:, 1, 2], [20, 30])


def test_a_reset_receiver_has_zeros():
    receiver = Receiver(2, 3, DT)
    receiver.receive(1, np.ones((1, 2, 3)))
    receiver.reset()
    np.testing.assert_array_equal(receiver.value(10.0), np.zeros((2, 3)))


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
