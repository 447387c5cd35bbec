"""The emulated dynamics in plain PyTorch: floats of 32 bits, all samples at once, step by step.

It has the same layers and neurons as the emulator's networks, but rounds as it likes, counts no
overflow, and wraps nothing. So its answers are near the chip's, not equal to them.
"""

import itertools
import time

import numpy as np
import torch

#: What is left of a current after a step of 1 ms, with a synapse of 5 ms.
KEEP = float(np.exp(-0.001 / 0.005))


def make_layers(units, rate, seed=0):
    """Draw the weights and biases of `emulator.dense_network`, scaled to spikes a step."""
    rng = np.random.RandomState(seed)
    pairs = list(itertools.pairwise(units))
    weights = [rng.normal(scale=np.sqrt(2 / n_in), size=(n_out, n_in)) for n_in, n_out in pairs]
    biases = [rng.normal(scale=0.1, size=n_out) for n_out in units[1:]]
    per_step = rate * 0.001
    first, *chip = [torch.tensor(w.T.copy(), dtype=torch.float32) for w in weights]
    bias, *others = [torch.tensor(b * per_step, dtype=torch.float32) for b in biases]
    return (first * per_step, bias), list(zip(chip, others, strict=True))


@torch.no_grad()
def run(x, layers, n_steps, gain=1.0 - KEEP):
    """Return the sum of the logits of all steps."""
    (first, bias), chip = layers
    drive = torch.relu(x @ first + bias)
    voltage = torch.zeros_like(drive)
    currents = [torch.zeros(len(x), weights.shape[1]) for weights, _ in chip]
    voltages = [torch.zeros_like(current) for current in currents[:-1]]
    spikes = [torch.zeros_like(drive), *(torch.zeros_like(v) for v in voltages)]
    total = torch.zeros_like(currents[-1])
    for _ in range(n_steps):
        for number in reversed(range(len(chip))):  # a spike arrives in the step after
            weights, offset = chip[number]
            current = currents[number].mul_(KEEP).addmm_(spikes[number], weights, alpha=gain)
            if number == len(chip) - 1:
                total += current + offset
                continue
            v = voltages[number].add_(current).add_(offset)
            spikes[number + 1] = (v > 1).to(torch.float32)
            v.mul_(1 - spikes[number + 1]).clamp_(min=0)
        voltage += drive
        spikes[0] = voltage.floor()
        voltage -= spikes[0]
        spikes[0].clamp_(max=1)
    return total


def measure(units, x, n_steps, rate, threads=2, repeats=4):
    """Seconds a presentation: the best of a few runs after one that prepares."""
    torch.set_num_threads(threads)
    layers, values = make_layers(units, rate), torch.tensor(x, dtype=torch.float32)
    best = np.inf
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run(values, layers, n_steps)
        best = min(best, time.perf_counter() - start)
    return best / len(x)
