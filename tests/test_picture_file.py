"""Pictures that are written in the format of their name, and only over pictures."""

import pytest
from nengo.exceptions import ValidationError

from nengo_dense import compat, picture_file

pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")


@pytest.fixture
def figure():
    figure = compat.new_figure(2, 1)
    figure.subplots().plot([0, 1])
    return figure


@pytest.mark.parametrize("ending", picture_file.ENDINGS)
def test_every_ending_can_be_written_twice(tmp_path, figure, ending):
    path = tmp_path / f"picture{ending.upper()}"
    picture_file.write(figure, path)
    picture_file.write(figure, str(path))
    assert path.read_bytes().startswith(picture_file.ENDINGS[ending])


@pytest.mark.parametrize("content", [b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"%PDF-1.4 a paper"])
@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_what_is_no_picture_of_this_format_stays(tmp_path, figure, content, ending):
    path = tmp_path / f"model{ending}"
    path.write_bytes(content)
    with pytest.raises(FileExistsError, match="exists and is not a picture"):
        picture_file.write(figure, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("path", ["picture", "picture.txt", "picture.npz", 3])
def test_other_endings_are_refused_with_those_that_there_are(figure, path):
    with pytest.raises(ValidationError, match=r"path: must end in one of \.png, \.pdf"):
        picture_file.write(figure, path)
