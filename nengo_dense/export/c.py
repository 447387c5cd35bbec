"""C: one header and one source file of plain C99, for microcontrollers and soft cores."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from nengo_dense import files
from nengo_dense.export import c_core, c_host
from nengo_dense.export.deployment import Deployment
from nengo_dense.export.network_format import NetworkFormat, Produce

#: What the first line of every written file begins with.
FIRST_LINE = "/* Written by nengo_dense: "
#: Lowest floor of the voltage, so that no sum leaves 32 bits.
LOWEST_FLOOR = -(2**30)


def _is_c(file: BinaryIO) -> bool:
    return file.read(len(FIRST_LINE)) == FIRST_LINE.encode()


class CFormat(NetworkFormat):
    """Writes the chip's part in integers, without ``malloc``, and the host's part on request.

    The chip's part gives the same spikes as `nengo_dense.Simulator`. Compiled with
    ``-D NAME_HOST``, where NAME is the file's, there is also a function that runs a whole
    presentation, with the host's part in double precision.
    """

    name = "C"
    writes = "one .h and one .c file of C99, integers alone"
    suffixes = (".c", ".h")
    kind = files.Kind("a C file that nengo_dense wrote", _is_c)

    def paths(self, path: Path) -> list[Path]:
        """Return the header and the source."""
        return [path.with_suffix(".h"), path.with_suffix(".c")]

    def problems(self, deployment: Deployment) -> list[str]:
        """Refuse a floor of the voltage that 32 bits do not hold."""
        return [
            f"{layer.label} has a voltage floor of {layer.parameters['vmin'].min()}, below "
            f"{LOWEST_FLOOR}, where sums would leave 32 bits; convert with another min_voltage"
            for layer in deployment.layers
            if layer.parameters["vmin"].min() < LOWEST_FLOOR
        ]

    def differences(self, deployment: Deployment) -> list[str]:
        """Say that the host's part is missing, if it is."""
        if c_host.is_written(deployment):
            return []
        return [
            f"the host's part is not written, as the readout has a synapse "
            f"({deployment.readout.synapse}); convert with a synapse of None for the readout"
        ]

    def files(self, deployment: Deployment, path: Path) -> dict[Path, Produce]:
        """Return what writes the header and the source."""
        header, source = self.paths(path)
        cores = c_core.cores_of(deployment.layers)
        texts = {
            header: _header(deployment, cores),
            source: _source(deployment, cores, header.name),
        }
        name = identifier(path.stem)
        return {file: _writer(named(text, name)) for file, text in texts.items()}


def identifier(stem: str) -> str:
    """Make a C identifier of a file's name.

    >>> identifier("my-net 2")
    'my_net_2'
    >>> identifier("2layers")
    'net_2layers'
    """
    name = re.sub(r"\W", "_", stem, flags=re.ASCII)
    return f"net_{name}" if name[:1].isdigit() else name


def named(text: str, name: str) -> str:
    """Put a network's name in the place of NAME: in capitals where a constant follows it."""
    text = re.sub(r"\bNAME_(?=[A-Z])", f"{name.upper()}_", text)
    return re.sub(r"\bNAME_", f"{name}_", text)


def _writer(text: str) -> Produce:
    return lambda file: file.write(text.encode())


def _header(deployment: Deployment, cores: list[c_core.Core]) -> str:
    n_neurons = sum(layer.n_neurons for layer in deployment.layers)
    sizes = [len(deployment.host.bias), *(layer.n_neurons for layer in deployment.layers)]
    holds = "    int32_t wait[NAME_N_NEURONS];\n" if _holds(cores) else ""
    numbers = {
        "N_IN": sizes[0],
        "N_OUT": sizes[-1],
        "FIRST_OUT": n_neurons - sizes[-1],
        "N_NEURONS": n_neurons,
        "N_CORE": max(len(core.bias) for core in cores),
        "N_STEPS": deployment.n_steps,
        "READOUT_START": deployment.readout.start,
        "N_SAMPLE": deployment.wiring.size_in,
        "N_LOGITS": len(deployment.readout.bias),
    }
    defines = "".join(f"#define NAME_{name} {value}\n" for name, value in numbers.items())
    host = HOST_HEADER.replace("SECONDS", repr(deployment.dt))
    host = host.replace("INPUTS", _listed(deployment.wiring.inputs))
    host = host.replace(
        "OUTPUTS", _listed({n: p for n, (_, p) in deployment.readout.heads.items()})
    )
    senders = _listed({name: p.part for name, p in deployment.wiring.host.items()})
    layers = _listed({name: p.part for name, p in deployment.wiring.chip.items()}, -sizes[0])
    return (
        f"{FIRST_LINE}a network of {'-'.join(map(str, sizes))} neurons, the first on the host. */"
        + HEADER.replace("DEFINES", defines)
        .replace("WAIT", holds)
        .replace("LAYERS", layers)
        .replace("SENDERS", senders)
        + (host if c_host.is_written(deployment) else "")
        + "\n#endif\n"
    )


def _source(deployment: Deployment, cores: list[c_core.Core], header: str) -> str:
    kind = c_core.weight_type(cores)
    return "".join(
        [
            f'{FIRST_LINE}see {header}. */\n#include "{header}"\n\n#include <string.h>\n\n',
            f"#define WEIGHT {kind}\n\n",
            c_core.CORE_TYPE,
            "\n",
            c_core.core_tables(cores, kind),
            c_core.STEP.replace("HOLD", c_core.HOLD if _holds(cores) else ""),
            STEP.replace("N_CORES", str(len(cores))),
            "\n" + c_host.host_part(deployment) if c_host.is_written(deployment) else "",
        ]
    )


def _listed(parts: Mapping[str, slice], shift: int = 0) -> str:
    """Write where things lie, a line each, in a comment of C."""
    lines = []
    for name, part in parts.items():
        plain = re.sub(r"[^\w .,:-]", "_", name, flags=re.ASCII)
        lines.append(f"   - {plain}: {part.start + shift} to {part.stop + shift - 1}")
    return "\n".join(lines)


def _holds(cores: list[c_core.Core]) -> bool:
    return any(core.constants["refract"] > 1 for core in cores)


HEADER = """
#ifndef NAME_H
#define NAME_H

#include <stdint.h>

DEFINES
/* All that changes while the network runs. */
typedef struct {
    int32_t current[NAME_N_NEURONS];
    int32_t voltage[NAME_N_NEURONS];
    int32_t sum[NAME_N_CORE];
    /* of the last step, on their way: the input's, and those of all layers, one by one */
    uint8_t spikes[NAME_N_IN + NAME_N_NEURONS];
WAIT} NAME_state;

/* To be called first, and before each sample. */
void NAME_reset(NAME_state *s);

/* One step of the chip. A spike takes one step to arrive, from the input to the first layer as
   from layer to layer. input: NAME_N_IN numbers, not 0 for a spike,
SENDERS */
void NAME_step(NAME_state *s, const uint8_t *input);

/* The spikes of all layers in the last step: NAME_N_NEURONS numbers, 0 or 1, layer by layer:
LAYERS
   The last layer's are the NAME_N_OUT from NAME_FIRST_OUT on. */
const uint8_t *NAME_spikes(const NAME_state *s);
"""

HOST_HEADER = """
/* The host's part, in double precision; only compiled with -D NAME_HOST. */
#ifdef NAME_HOST
#define NAME_DT SECONDS

/* Show a sample for NAME_N_STEPS steps to a chip just switched on. Of a classifier the largest
   logit is the class. sample: NAME_N_SAMPLE values,
INPUTS
   logits: NAME_N_LOGITS values,
OUTPUTS */
void NAME_run(const double *sample, double *logits);
#endif
"""

STEP = """
void NAME_reset(NAME_state *s)
{
    memset(s, 0, sizeof *s);
}

void NAME_step(NAME_state *s, const uint8_t *input)
{
    int32_t i;
    /* from the last layer to the first, so that each sees the spikes of the step before */
    for (i = N_CORES - 1; i >= 0; i--) {
        step_core(&cores[i], s);
    }
    for (i = 0; i < NAME_N_IN; i++) {
        s->spikes[i] = input[i] != 0;
    }
}

const uint8_t *NAME_spikes(const NAME_state *s)
{
    return s->spikes + NAME_N_IN;
}
"""
