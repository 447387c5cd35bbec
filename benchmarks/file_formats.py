"""Formats of files whose damage is tried: whole files, how they are damaged, who reads them."""

import contextlib
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import damage
import fuzz_models
import numpy as np

from nengo_dense import DenseStack, check, convert, evaluate
from nengo_dense.checks import report_file
from nengo_dense.cli import data
from nengo_dense.files import check_target
from nengo_dense.importers import read_model
from nengo_dense.report_page import json_kind


def content(write, suffix):
    """Return the bytes that are written to a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        write(path)
        return path.read_bytes()


def a_stack(**settings):
    """Return a small stack."""
    return DenseStack([6, 5, 3], 4, seed=0, **settings)


class Format:
    """A format of files.

    Attributes
    ----------
    suffix, title : str
    """

    suffix, title = "", ""

    def seeds(self):
        """Return whole files, as `mutated` wants them."""
        raise NotImplementedError

    def mutated(self, seed, draw):
        """Return the bytes of a damaged file."""
        raise NotImplementedError

    def read(self, path):
        """Read a file, as a user's call does."""
        raise NotImplementedError


class Stack(Format):
    """Saved stacks: one of each encoding, one tuned."""

    suffix, title = ".npz", "saved stacks"

    def seeds(self):
        rng = np.random.RandomState(0)
        layers = [(rng.randn(6, 4), rng.randn(6)), (rng.randn(3, 6), rng.randn(3))]
        made = [a_stack(encoding=encoding) for encoding in ("host", "spikes", "chip")]
        settings = {"calibration": rng.rand(20, 4), "progress_bar": False, "effort": 0.01}
        made.append(convert(layers, presentation_time=0.005, **settings))
        return [content(stack.save, ".npz") for stack in made]

    def mutated(self, seed, draw):
        how = draw.random()
        if how < 0.35:
            return (damage.damaged if how < 0.15 else damage.lying_zip)(seed, draw)
        with np.load(io.BytesIO(seed)) as archive:
            arrays = dict(archive)
        if how < 0.75:
            header = json.loads(str(arrays["header"]))
            arrays["header"] = np.array(damage.twisted_json(header, draw))
        else:
            arrays = damage.twisted_arrays(arrays, draw)
        return damage.packed(arrays, draw)

    def read(self, path):
        return DenseStack.load(path)


class DataSet(Format):
    """Data sets of the command line."""

    suffix, title = ".npz", "data sets (.npz)"

    def seeds(self):
        rng = np.random.RandomState(0)
        x, y = rng.rand(20, 4), rng.randint(0, 3, 20)
        sets = [{"x": x, "y": y}, {"x_test": x, "y_test": y, "x_train": x, "y_train": y}]
        sets.append({"X": rng.rand(5, 7, 4), "mask": np.ones((5, 7)), "labels": y[:5]})
        return sets

    def mutated(self, seed, draw):
        if draw.random() < 0.6:
            return damage.packed(damage.twisted_arrays(seed, draw), draw)
        whole = damage.packed(seed, draw)
        return draw.choice((damage.damaged, damage.lying_zip))(whole, draw)

    def read(self, path):
        with contextlib.redirect_stdout(io.StringIO()):
            return data.load_data(str(path), 4), data.load_inputs(str(path), 4)


class OneArray(Format):
    """Samples in a file of their own."""

    suffix, title = ".npy", "arrays (.npy)"

    def seeds(self):
        rng = np.random.RandomState(0)
        found = []
        for array in (rng.rand(20, 4), rng.rand(3, 4).astype(np.float16), np.eye(4, dtype=int)):
            found.append(content(lambda path, array=array: np.save(path, array), ".npy"))
        return found

    def mutated(self, seed, draw):
        places = list(range(128)) if draw.random() < 0.8 else None
        return damage.damaged(seed, draw, places)

    def read(self, path):
        with contextlib.redirect_stdout(io.StringIO()):
            return data.load_samples(str(path), 4, "reading")


class Keras(Format):
    """Keras 3 files: a zip archive of a configuration and weights in HDF5."""

    suffix, title = ".keras", "Keras files (.keras)"

    def seeds(self):
        found = []
        for path in keras_files(".keras"):
            with zipfile.ZipFile(io.BytesIO(path)) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
            found.append((path, members, damage.metadata_places(members["model.weights.h5"])))
        return found

    def mutated(self, seed, draw):
        whole, members, places = seed
        how = draw.random()
        if how < 0.2:
            return damage.lying_zip(whole, draw)
        if how < 0.6:
            config = json.loads(members["config.json"])
            members = members | {"config.json": damage.twisted_json(config, draw)}
        else:
            weights = damage.damaged_hdf5(members["model.weights.h5"], draw, places)
            members = members | {"model.weights.h5": weights}
        return damage.repacked(members.items(), draw)

    def read(self, path):
        return read_model(path)


class KerasHdf5(Format):
    """Keras files of HDF5, with the configuration in an attribute."""

    suffix, title = ".h5", "Keras files (.h5)"

    def seeds(self):
        return [(whole, damage.metadata_places(whole)) for whole in keras_files(".h5")]

    def mutated(self, seed, draw):
        whole, places = seed
        if draw.random() < 0.7:
            return damage.damaged_hdf5(whole, draw, places)
        import h5py

        file = io.BytesIO(whole)
        with h5py.File(file, "r+") as archive:
            config = damage.twisted_json(json.loads(archive.attrs["model_config"]), draw)
            if len(config) < 60_000:  # more does not fit into an attribute of such a file
                archive.attrs["model_config"] = config
        return file.getvalue()

    def read(self, path):
        return read_model(path)


class Nir(Format):
    """NIR files that this package exports."""

    suffix, title = ".nir", "NIR files"

    def seeds(self):
        settings = {"presentation_time": 0.1, "samples": np.random.RandomState(0).rand(10, 4)}
        found = []
        for encoding in ("host", "spikes"):
            stack = a_stack(encoding=encoding, synapse=None)
            whole = content(lambda path, s=stack: s.export(path, **settings), ".nir")
            found.append((whole, damage.metadata_places(whole)))
        return found

    def mutated(self, seed, draw):
        whole, places = seed
        return damage.damaged_hdf5(whole, draw, places)

    def read(self, path):
        return read_model(path)


class Report(Format):
    """Reports in JSON, which are read before others take their place."""

    suffix, title = ".json", "reports (JSON)"

    def seeds(self):
        stack, rng = a_stack(), np.random.RandomState(0)
        settings = {"presentation_time": 0.02, "progress_bar": False}
        found = evaluate(stack, rng.rand(20, 4), rng.randint(0, 3, 20), **settings)
        report = check(stack, build=False, run=0)
        return [json.loads(each.to_json()) for each in (report, found)]

    def mutated(self, seed, draw):
        text = damage.twisted_json(seed, draw).encode()
        return damage.damaged(text, draw) if draw.random() < 0.3 else text

    def read(self, path):
        try:
            return check_target(path, report_file.JSON)
        except FileExistsError:
            return check_target(path, json_kind("evaluation"))


@cache
def keras_files(suffix):
    """Return Keras models as files; Keras itself is imported by a process that ends with that."""
    import subprocess
    import sys

    with TemporaryDirectory() as folder:
        program = (
            "import sys, warnings; warnings.simplefilter('ignore'); from pathlib import Path; "
            "import fuzz_models, keras\n"
            "for path in fuzz_models.keras_files(Path(sys.argv[1])):\n"
            "    keras.saving.load_model(path).save(str(path.with_suffix('.h5')))"
        )
        here = Path(fuzz_models.__file__).parent
        command = [sys.executable, "-c", program, folder]
        subprocess.run(command, cwd=here, check=True, capture_output=True)
        return [path.read_bytes() for path in sorted(Path(folder).glob(f"*{suffix}"))]


FORMATS = {
    "stack": Stack(),
    "npz": DataSet(),
    "npy": OneArray(),
    "report": Report(),
    "nir": Nir(),
    "h5": KerasHdf5(),
    "keras": Keras(),
}
