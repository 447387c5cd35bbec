"""Damaged files: whole ones, changed where readers decide how much to take and where to go on.

Bytes of HDF5 are changed in its metadata, fields of zip archives that say sizes and places, values
of JSON anywhere, arrays in their types and shapes. The number of a mutation decides all of it.
"""

import io
import json
import struct
import zipfile

import fuzz_models
import numpy as np

NUMBERS = (*fuzz_models.NUMBERS, 0.5, float("nan"), float("inf"), 1e308, "", "relu", None, [], {})
NUMBERS += (True, [[]], [None, 3], {"class_name": "Dense"})

#: Where JSON goes deep: a text that is replaced by so many brackets.
DEEP = "nested without end"
DEPTHS = (10, 900, 5_000, 100_000)

#: Signature -> places and formats of the fields of a zip archive that readers believe.
ZIP_FIELDS = {
    b"PK\3\4": ((6, "H"), (8, "H"), (14, "I"), (18, "I"), (22, "I"), (26, "H"), (28, "H")),
    b"PK\1\2": ((8, "H"), (10, "H"), (16, "I"), (20, "I"), (24, "I"), (28, "H"), (42, "I")),
    b"PK\5\6": ((8, "H"), (10, "H"), (12, "I"), (16, "I"), (20, "H")),
}


def damaged(content, draw, places=None):
    """Return bytes of which some are others, or the end is missing.

    Parameters
    ----------
    content : bytes
    draw : random.Random
    places : list of int, optional
        Where bytes are changed; anywhere by default.
    """
    data = bytearray(content)
    for _ in range(draw.randint(1, 12)):
        at = draw.choice(places) if places else draw.randrange(len(data))
        data[at] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
    return bytes(data[: draw.randrange(len(data))] if draw.random() < 0.05 else data)


def lying_zip(content, draw):
    """Return a zip archive that says something else of its members' sizes, places or packing."""
    data = bytearray(content)
    places = [
        (start + at, kind)
        for signature, fields in ZIP_FIELDS.items()
        for start in starts(content, signature)
        for at, kind in fields
        if start + at + struct.calcsize(kind) <= len(data)
    ]
    for _ in range(draw.randint(1, 3)):
        at, kind = draw.choice(places)
        most = 2 ** (8 * struct.calcsize(kind)) - 1
        old = struct.unpack_from("<" + kind, data, at)[0]
        new = draw.choice(
            (0, 1, 8, 12, 14, most, most // 2, old + 1, old - 1, 2 * old, 1032 * old)
        )
        struct.pack_into("<" + kind, data, at, new % (most + 1))
    return bytes(data)


def starts(content, signature):
    """List where a signature stands."""
    found, at = [], content.find(signature)
    while at >= 0:
        found.append(at)
        at = content.find(signature, at + 1)
    return found


def metadata_places(content):
    """List the bytes of an HDF5 file that are no numbers of an array."""
    import h5py

    data = set()

    def note(name, item):
        if isinstance(item, h5py.Dataset) and item.id.get_offset() is not None:
            start = item.id.get_offset()
            data.update(range(start, start + item.id.get_storage_size()))

    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(note)
    return [at for at in range(len(content)) if at not in data]


def damaged_hdf5(content, draw, places):
    """Return an HDF5 file with damaged metadata: bytes, or whole words that are addresses."""
    if draw.random() < 0.6:
        return damaged(content, draw, places)
    data = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        at, other = (draw.choice(places) & -8 for _ in range(2))
        word = draw.choice((bytes(8), b"\xff" * 8, data[other : other + 8]))
        if draw.random() < 0.4:  # the address of something else
            word = struct.pack("<Q", draw.choice((other, len(data), 2**31, 2**62)))
        data[at : at + 8] = word
    return bytes(data[: len(content)])


def twisted_json(value, draw):
    """Return a JSON text of which one to three values are others, missing, or nested deeply."""
    value = json.loads(json.dumps(value))
    for _ in range(draw.randint(1, 3)):
        places = fuzz_models.places_in(value, [])
        if not places:
            break
        (container, key), (other, at) = draw.choice(places), draw.choice(places)
        if draw.random() < 0.2:
            del container[key]
        else:
            new = draw.choice((*NUMBERS, DEEP, other[at]))
            container[key] = json.loads(json.dumps(new))  # its own: it may be changed, too
    depth = draw.choice(DEPTHS)
    deep = draw.choice(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth))
    return json.dumps(value).replace(json.dumps(DEEP), deep)


def twisted_arrays(arrays, draw):
    """Return arrays of which one to three have another type, shape or content, or are missing."""
    arrays = dict(arrays)
    for _ in range(draw.randint(1, 3)):
        name = draw.choice(list(arrays) or ["none"])
        array = np.asarray(arrays.pop(name, np.ones(3)))
        array = (
            array if array.dtype.kind in "biufU" else np.ones(3)
        )  # the others are changed already
        changes = (
            lambda a: a.ravel(),
            lambda a: a[:-1] if a.ndim else a,
            lambda a: a.astype("U9"),
            lambda a: np.full(a.shape, draw.choice((np.nan, np.inf, 1e300, -1.0, 0.0))),
            lambda a: np.zeros((0, 3)),
            lambda a: a.T[np.newaxis],
            lambda a: np.ones(a.shape, np.complex64),
            lambda a: np.zeros(a.shape, "M8[s]"),
            lambda a: np.zeros(3, [("a", float), ("b", "U3")]),
            lambda a: np.broadcast_to(np.uint8(0), (10**6,)),
        )
        if draw.random() < 0.8:
            arrays[draw.choice((name, name, name, "x", "mask", "../x", ""))] = draw.choice(
                changes
            )(array)
    return arrays


def packed(arrays, draw):
    """Return an ``.npz`` file, in some cases with an array whose header says something else."""
    return repacked(((f"{name}.npy", content_of(a, draw)) for name, a in arrays.items()), draw)


def content_of(array, draw):
    """Return an array as its file, in some cases with a header that says something else."""
    content = io.BytesIO()
    np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
    data = content.getvalue()
    if draw.random() < 0.2:
        return damaged(data, draw, list(range(min(128, len(data)))))
    return data


def repacked(members, draw):
    """Return a zip archive of names and contents, which are made one after the other."""
    file = io.BytesIO()
    method = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()
