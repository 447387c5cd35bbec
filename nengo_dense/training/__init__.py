"""Training in NengoDL, which only this folder and `layers.nengo_dl_builder` import, or without."""

from nengo_dense.training.fitting import fit
from nengo_dense.training.synapse import without_synapses
from nengo_dense.training.training_result import TrainingResult

__all__ = ["TrainingResult", "fit", "without_synapses"]
