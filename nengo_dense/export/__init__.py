"""Export of a tuned stack to files for other chips and simulators, with test vectors."""

from nengo_dense.export.chip_layer import ChipLayer
from nengo_dense.export.deployment import Deployment, HostNeurons, Readout
from nengo_dense.export.network_format import NetworkFormat
from nengo_dense.layers.exporter import Export, Exporter

__all__ = [
    "ChipLayer",
    "Deployment",
    "Export",
    "Exporter",
    "HostNeurons",
    "NetworkFormat",
    "Readout",
]
