"""Make NengoDL compute a `HeadNode` in TensorFlow, so that gradients pass through it.

NengoDL runs an unknown process as a Python function, which has no gradient. Its registry of
operators could be extended, but NengoDL may be imported after the node is made, or never.
Therefore `install` registers a build function with *Nengo*, which every simulator calls. If the
model is NengoDL's, this function gives the process its own operator, and registers NengoDL's
builder for it. In other simulators a head is built like any process.

This is the only module outside `nengo_dense.training` that imports NengoDL, and only when NengoDL
calls it.
"""

import sys
from typing import Any

from nengo import Process
from nengo.builder import Builder, Model, Signal
from nengo.builder.processes import SimProcess, build_process


class SimHead(SimProcess):
    """A head's process in a NengoDL model: a type of its own for NengoDL's registry."""


def install(process_type: type[Process]) -> None:
    """Register the build function for heads; does nothing the second time.

    Parameters
    ----------
    process_type : type
        Type of the processes, which have attributes ``head`` and ``temperature``.
    """
    if process_type not in Builder.builders:
        Builder.register(process_type)(build_head)


def build_head(
    model: Model,
    process: Process,
    sig_in: Signal,
    sig_out: Signal | None = None,
    mode: str = "set",
) -> Signal:
    """Build a head's process into a model of any simulator.

    Parameters
    ----------
    model : nengo.builder.Model
    process : nengo.Process
        Of the installed type.
    sig_in : (n_out,) nengo.builder.Signal
    sig_out : (n_out,) nengo.builder.Signal, optional
    mode : {"set", "inc", "update"}

    Returns
    -------
    sig_out : nengo.builder.Signal
    """
    nengo_dl = sys.modules.get("nengo_dl.builder")
    if nengo_dl is None or not isinstance(model, nengo_dl.NengoModel):
        return build_process(model, process, sig_in, sig_out, mode=mode)
    if SimHead not in nengo_dl.Builder.builders:
        nengo_dl.Builder.register(SimHead)(_operator_builder())
    if sig_out is None:
        sig_out = Signal(shape=sig_in.shape, name=f"{sig_in.name}.{process}")
    model.add_op(SimHead(process, sig_in, sig_out, model.time, mode=mode, tag=str(process)))
    return sig_out


def _operator_builder() -> type:
    """Define NengoDL's builder class for one or more `SimHead` operators."""
    import tensorflow as tf
    from nengo_dl.builder import OpBuilder

    class SimHeadBuilder(OpBuilder):
        """Builds heads as TensorFlow operations, one per node, because their sizes differ."""

        def build_pre(self, signals: Any, config: Any) -> None:
            super().build_pre(signals, config)
            (op,) = self.ops
            self.logits = signals[op.input]
            self.outputs = signals[op.output]
            # heads have the names of TensorFlow's functions
            self.function = getattr(tf.nn, op.process.head)
            self.temperature = tf.constant(op.process.temperature, dtype=signals.dtype)
            self.mode = "inc" if op.mode == "inc" else "update"

        def build_step(self, signals: Any) -> None:
            outputs = self.function(signals.gather(self.logits) / self.temperature)
            signals.scatter(self.outputs, outputs, mode=self.mode)

    return SimHeadBuilder
