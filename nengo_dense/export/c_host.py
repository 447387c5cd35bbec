"""The host's part in C: samples into spikes, and spikes into logits, in double precision."""

import numpy as np

from nengo_dense.export.c_core import ranges_of
from nengo_dense.export.deployment import Deployment

LINE = 4


def float_table(name: str, values: np.ndarray) -> str:
    """Write a table of doubles, each so that it is read as the same number."""
    texts = [repr(float(value)) for value in np.ravel(values)]
    lines = [", ".join(texts[i : i + LINE]) for i in range(0, len(texts), LINE)]
    body = ",\n    ".join(lines)
    return f"static const double {name}[{len(texts)}] = {{\n    {body}\n}};\n"


def is_written(deployment: Deployment) -> bool:
    """Tell whether the host's part can be written: with a readout that only averages."""
    return deployment.readout.synapse is None


def host_part(deployment: Deployment) -> str:
    """Write the host's part."""
    host, readout = deployment.host, deployment.readout
    tables = [
        float_table("host_weights", host.weights),
        float_table("host_gain", host.gain),
        float_table("host_bias", host.bias),
        float_table("readout_bias", readout.bias),
    ]
    parts = {"DIRECT": "", "READ": "", **_counting(deployment)}
    start = repr(float(host.start[0]))
    if (host.start != host.start[0]).any():
        tables.append(float_table("host_start", host.start))
        start = "host_start[i]"
    if readout.direct.any():
        tables.append(float_table("direct_weights", readout.direct))
        parts["DIRECT"] = DIRECT
    if readout.sources:
        tables.append(float_table("readout_weights", readout.weights))
        parts["READ"] = READ
    text = RUN
    for name, part in parts.items():
        text = text.replace(f"/*{name}*/\n", part)
    text = text.replace("N_READ", str(max(len(readout.columns), 1))).replace("INITIAL", start)
    return "\n".join(["#ifdef NAME_HOST", *tables, text, "#endif", ""])


def _counting(deployment: Deployment) -> dict[str, str]:
    """Write what counts the spikes that the readout sees, of the chip's neurons and the host's."""
    n_host, start = len(deployment.host.bias), 0
    parts = {"CHIP": "", "HOST": ""}
    columns = deployment.readout.columns
    for place, own in (("HOST", columns[columns < n_host]), ("CHIP", columns[columns >= n_host])):
        for first, n in ranges_of(own):
            source = f"whole[{first} + j]" if place == "HOST" else f"fired[{first - n_host} + j]"
            parts[place] += (
                f"        for (j = 0; step >= NAME_READOUT_START && j < {n}; j++) {{\n"
                f"            counts[{start} + j] += {source};\n        }}\n"
            )
            start += n
    return parts


DIRECT = """        for (j = 0; j < NAME_N_SAMPLE; j++) {
            logits[i] += direct_weights[i * NAME_N_SAMPLE + j] * sample[j];
        }
"""

READ = """        for (j = 0; j < N_READ; j++) {
            sum += readout_weights[i * N_READ + j] * (double)counts[j];
        }
"""

RUN = """void NAME_run(const double *sample, double *logits)
{
    static NAME_state s;
    static double voltage[NAME_N_IN], drive[NAME_N_IN];
    static uint8_t sent[NAME_N_IN];
    static int64_t whole[NAME_N_IN], counts[N_READ];
    const uint8_t *fired = NAME_spikes(&s);
    int32_t i, j, step;
    NAME_reset(&s);
    for (i = 0; i < NAME_N_IN; i++) {
        double sum = 0;
        for (j = 0; j < NAME_N_SAMPLE; j++) {
            sum += host_weights[i * NAME_N_SAMPLE + j] * sample[j];
        }
        sum = (host_gain[i] * sum + host_bias[i]) * NAME_DT;
        drive[i] = sum > 0 ? sum : 0;
        voltage[i] = INITIAL;
    }
    for (j = 0; j < N_READ; j++) {
        counts[j] = 0;
    }
    for (step = 0; step < NAME_N_STEPS; step++) {
        /* the readout sees a spike of the chip one step after it was fired */
/*CHIP*/
        for (i = 0; i < NAME_N_IN; i++) {
            voltage[i] += drive[i];
            whole[i] = (int64_t)voltage[i];
            sent[i] = whole[i] > 0;
            voltage[i] -= (double)whole[i];
        }
/*HOST*/
        NAME_step(&s, sent);
    }
    for (i = 0; i < NAME_N_LOGITS; i++) {
        double sum = 0;
/*READ*/
        logits[i] = sum / (NAME_N_STEPS - NAME_READOUT_START) + readout_bias[i];
/*DIRECT*/
    }
}
"""
