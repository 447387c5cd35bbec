"""Advice for arguments that are often given instead of a model."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nengo

from nengo_dense.importers.file import suffix, way_out_of_folder

#: Files that only their own framework can read, by unpickling, which runs code from the file.
PICKLED = {
    ".pt": "torch.load",
    ".pth": "torch.load",
    ".ckpt": "torch.load",
    ".pkl": "pickle.load",
    ".pickle": "pickle.load",
    ".joblib": "joblib.load",
}

#: Suffix -> what such a file lacks, and where what it lacks is found.
FILES = {
    ".tflite": "a .tflite file is made for another runtime, mostly with weights of eight bits; "
    "give the Keras model that it was made from",
    ".pb": "a .pb file is a part of a TensorFlow SavedModel; load its folder with "
    "tf.keras.models.load_model and give the model",
    ".safetensors": "a .safetensors file holds weights without a model; make the module, load "
    "them into it and give it",
    ".npz": "a .npz file holds arrays without a model; load them with numpy.load and give the "
    "layers as a list of (weights, bias, activation); a stack that was saved is read by "
    "DenseStack.load, and is converted already",
    ".py": "a .py file is code; import it and give the model, or on the command line say which "
    "network of it is meant, as FILE.py:NAME",
    ".npy": "a .npy file holds an array without a model; load it with numpy.load and give the "
    "layers as a list of (weights, bias, activation)",
}


def next_step(model: Any) -> str | None:
    """Say what to do with something that no importer recognizes, if that is known."""
    if isinstance(model, str | os.PathLike):
        return _of_path(model)
    if isinstance(model, type):
        return f"it is a class; make one, {model.__name__}(...), load its weights and give that"
    if isinstance(model, bytes | bytearray):
        return "it is the content of a file; give its path, or onnx.load_model_from_string of it"
    if isinstance(model, nengo.Network):
        return (
            "it is a network of Nengo already; a stack or a graph is given to evaluate, predict "
            "and save as it is, and is tuned for other samples where its model is converted again"
        )
    if isinstance(model, Mapping):
        return _of_mapping(model)
    return None


def _of_path(path: Any) -> str | None:
    if not os.path.exists(path):  # of any length
        return "there is no such file"
    kind = suffix(path)
    if kind in PICKLED:
        return (
            f"reading a {kind} file runs code that is in it: if you trust it, load it yourself "
            f"with {PICKLED[kind]} and give the model"
        )
    if kind in FILES:
        return FILES[kind]
    if os.path.isdir(path):
        return f"it is a directory; {way_out_of_folder(Path(path))}"
    return None


def _of_mapping(model: Mapping[Any, Any]) -> str | None:
    """Tell a state dict of PyTorch, or a checkpoint that has one in it."""
    inner = [value for value in model.values() if isinstance(value, Mapping)]
    if any(hasattr(value, "detach") for table in (model, *inner) for value in table.values()):
        return (
            "it is a state dict, weights without a model; make the module, call its "
            "load_state_dict with it and give the module"
        )
    return None
