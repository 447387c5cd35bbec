"""Every number of two built models, side by side."""

import numpy as np


def numbers(model):
    """Flatten a model into a list of (name, value): arrays, scalars, and who points at whom."""
    blocks = list(model.blocks)
    synapses = {id(s): n for n, s in enumerate(s for b in blocks for s in b.synapses)}
    found = []
    for number, block in enumerate(blocks):
        fields = {**vars(block.compartment), "label": None}  # labels hold addresses in memory
        found += [(f"block {number}.{key}", value) for key, value in fields.items()]
        for synapse in block.synapses:
            name = f"synapse {synapses[id(synapse)]}"
            fields = {**vars(synapse), **vars(synapse.synapse_cfg), "label": None}
            del fields["synapse_cfg"]
            found += [(f"{name}.{key}", value) for key, value in fields.items()]
    for number, source in enumerate((*model.inputs, *blocks)):
        for axon in source.axons:
            fields = {**vars(axon), "target": synapses[id(axon.target)], "label": None}
            found += [(f"axon of {number}.{key}", value) for key, value in fields.items()]
    for probe in model.probes:
        found += [("probe.weights", w) for w in probe.weights]
        found += [("probe.target", blocks.index(block)) for block in probe.target]
    return found


def flat(value):
    """Turn what a model holds into something that can be compared."""
    if isinstance(value, list | tuple):
        return [flat(item) for item in value]
    if isinstance(value, dict):
        return {key: flat(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def assert_same_model(ours, theirs):
    """Assert that all numbers are equal and of the same type."""
    ours, theirs = numbers(ours), numbers(theirs)
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (name, mine), (_, other) in zip(ours, theirs, strict=True):
        assert getattr(mine, "dtype", None) == getattr(other, "dtype", None), name
        np.testing.assert_equal(flat(mine), flat(other), name)
