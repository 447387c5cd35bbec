"""The host's part in C: samples into spikes, and spikes into logits, in double precision."""

import numpy as np

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
        float_table("readout_weights", readout.weights),
        float_table("readout_bias", readout.bias),
    ]
    return "\n".join(["#ifdef NAME_HOST", *tables, RUN, "#endif", ""])


RUN = """void NAME_run(const double *sample, double *logits)
{
    static NAME_state s;
    static double voltage[NAME_N_IN], drive[NAME_N_IN];
    static uint8_t sent[NAME_N_IN];
    static int32_t counts[NAME_N_OUT];
    const uint8_t *fired = NAME_spikes(&s) + NAME_FIRST_OUT;
    int32_t i, j, step;
    NAME_reset(&s);
    for (i = 0; i < NAME_N_IN; i++) {
        double sum = 0;
        for (j = 0; j < NAME_N_SAMPLE; j++) {
            sum += host_weights[i * NAME_N_SAMPLE + j] * sample[j];
        }
        sum = (host_gain[i] * sum + host_bias[i]) * NAME_DT;
        drive[i] = sum > 0 ? sum : 0;
        voltage[i] = 0;
    }
    for (j = 0; j < NAME_N_OUT; j++) {
        counts[j] = 0;
    }
    for (step = 0; step < NAME_N_STEPS; step++) {
        /* the readout sees a spike one step after it was fired */
        for (j = 0; step >= NAME_READOUT_START && j < NAME_N_OUT; j++) {
            counts[j] += fired[j];
        }
        for (i = 0; i < NAME_N_IN; i++) {
            voltage[i] += drive[i];
            sent[i] = voltage[i] >= 1;
            voltage[i] -= (double)(long long)voltage[i];
        }
        NAME_step(&s, sent);
    }
    for (i = 0; i < NAME_N_LOGITS; i++) {
        double sum = 0;
        for (j = 0; j < NAME_N_OUT; j++) {
            sum += readout_weights[i * NAME_N_OUT + j] * counts[j];
        }
        logits[i] = sum / (NAME_N_STEPS - NAME_READOUT_START) + readout_bias[i];
    }
}
"""
