"""Memory is used again when its array is gone, and never while anybody holds a part of it."""

import platform

import numpy as np
import pytest

from nengo_dense.loihi.kernel.memory import FEW, Memory, keep_what_is_freed


def begin(array):
    """Where an array begins in memory."""
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float64, bool])
@pytest.mark.parametrize("shape", [(0,), (5,), (3, 4, 2), (0, 7)])
def test_arrays_have_their_shape_and_type_and_can_be_written(shape, dtype):
    memory = Memory()
    for _ in range(3):
        array = memory.empty(shape, dtype)
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.flags.c_contiguous
        assert array.flags.aligned
        array[...] = 1
        assert array.all()


def test_memory_of_an_array_that_is_gone_is_used_again_also_for_smaller_ones():
    memory = Memory()
    first = begin(memory.empty((100, 8), np.float64))
    for shape, dtype in (((100, 8), np.float64), ((7,), np.int32), ((6400,), np.uint8)):
        assert begin(memory.empty(shape, dtype)) == first


@pytest.mark.parametrize(
    "part",
    [
        lambda array: array,
        lambda array: array[3:4, ::2],
        lambda array: array.swapaxes(0, 1),
        lambda array: array.reshape(-1)[5:],
        lambda array: array.view(np.uint8),
        lambda array: np.lib.stride_tricks.as_strided(array, (2, 2), (8, 8)),
        lambda array: memoryview(array),
    ],
)
def test_memory_is_not_used_while_anybody_holds_a_part_of_its_array(part):
    memory = Memory()
    array = memory.empty((10, 10), np.float64)
    array[...] = 1
    held, first = part(array), begin(array)
    before = np.array(held)
    del array
    for _ in range(5):
        other = memory.empty((10, 10), np.float64)
        assert begin(other) != first
        other[...] = 2
    np.testing.assert_array_equal(held, before)


def test_two_arrays_in_turns_need_two_pieces_of_memory():
    memory, before, places = Memory(), None, []
    for _ in range(6):
        array = memory.empty((50,), np.float64)
        places.append(begin(array))
        before = array  # noqa: F841  the one before is held meanwhile
    assert places[:2] * 3 == places
    assert places[0] != places[1]


def test_larger_arrays_get_memory_of_their_own_and_no_more_is_kept_than_is_needed():
    for memory, most in ((Memory(), FEW), (Memory(5), 5)):
        held = [memory.empty((n,), np.uint8) for n in range(1, 20)]
        assert len({begin(array) for array in held}) == len(held)
        assert len(memory._pieces) == most


def test_arrays_of_several_kinds_in_turns_keep_a_piece_each():
    memory, places = Memory(4), []
    for _ in range(5):
        several = [memory.empty((n,), np.uint8) for n in (300, 20, 100)]
        places.append([begin(array) for array in several])
        del several
    assert places == places[:1] * 5


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries do as they like")
def test_what_is_freed_is_kept_for_the_next_arrays():
    resource = pytest.importorskip("resource")

    def pages_cleared(n=50):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(n):
            [np.ones(1 << 18) for _ in range(3)]  # 2 MiB each
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    keep_what_is_freed()
    pages_cleared(1)
    assert pages_cleared() < 50 * 3 * (1 << 18) * 8 / resource.getpagesize() / 10
