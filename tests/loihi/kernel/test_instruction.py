"""Tables of instructions hold what was written into them."""

from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Kind


def test_instructions_are_read_as_they_were_written():
    written = [
        Instruction(Kind.FILTER, 5, target=1, source=2, state=3, a=0.25, b=0.75, width=9, first=4),
        Instruction(Kind.FIRE_AND_SEND, 7, 10, 20, 30, 4.0, 1.0, 7, 0, 12),
    ]
    assert list(Instructions.of(written).read()) == written


def test_a_source_is_whole_unless_a_width_is_given():
    (read,) = Instructions.of([Instruction(Kind.ADD, 5, target=1, source=2)]).read()
    assert (read.width, read.first) == (5, 0)


def test_there_may_be_no_instructions():
    tables = Instructions.of([])
    assert tables.places.shape == (0, 8)
    assert tables.factors.shape == (0, 2)
