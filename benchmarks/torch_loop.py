"""The emulated dynamics in plain PyTorch: floats of 32 bits, all samples at once, step by step.

It has the same layers and neurons as the emulator's networks, but rounds as it likes, counts no
overflow, and wraps nothing. So its answers are near the chip's, not equal to them.

    python benchmarks/torch_loop.py --device cuda --lanes 1000 100000 --json gpu.json
"""

import argparse
import itertools
import time

import numpy as np
import record
import torch

#: What is left of a current after a step of 1 ms, with a synapse of 5 ms.
KEEP = float(np.exp(-0.001 / 0.005))
#: Networks of `emulator.py`.
NETWORKS = ((16, 64, 32, 32, 5), (784, 256, 256, 10))


def make_layers(units, rate, seed=0, device="cpu"):
    """Draw the weights and biases of `emulator.dense_network`, scaled to spikes a step."""
    rng = np.random.RandomState(seed)
    pairs = list(itertools.pairwise(units))
    weights = [rng.normal(scale=np.sqrt(2 / n_in), size=(n_out, n_in)) for n_in, n_out in pairs]
    biases = [rng.normal(scale=0.1, size=n_out) for n_out in units[1:]]
    per_step = rate * 0.001
    how = {"dtype": torch.float32, "device": device}
    first, *chip = [torch.tensor(w.T.copy(), **how) for w in weights]
    bias, *others = [torch.tensor(b * per_step, **how) for b in biases]
    return (first * per_step, bias), list(zip(chip, others, strict=True))


@torch.no_grad()
def run(x, layers, n_steps, gain=1.0 - KEEP):
    """Return the sum of the logits of all steps."""
    (first, bias), chip = layers
    drive = torch.relu(x @ first + bias)
    voltage = torch.zeros_like(drive)
    currents = [x.new_zeros(len(x), weights.shape[1]) for weights, _ in chip]
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


def measure(units, x, n_steps, rate, threads=2, repeats=4, device="cpu"):
    """Seconds a presentation: the best of a few runs after one that prepares."""
    torch.set_num_threads(threads)
    layers = make_layers(units, rate, device=device)
    values = torch.tensor(x, dtype=torch.float32, device=device)
    best = np.inf
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run(values, layers, n_steps).sum().item()  # a graphics processor has ended then
        best = min(best, time.perf_counter() - start)
    return best / len(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", help="as PyTorch calls it, such as cuda")
    parser.add_argument("--lanes", nargs="+", type=int, default=[1000])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rate", type=float, default=250.0, help="max_rate in Hz")
    parser.add_argument("--json", help="file to write")
    args = parser.parse_args()
    rows = []
    for units, lanes in itertools.product(NETWORKS, args.lanes):
        x = np.random.RandomState(1).uniform(size=(lanes, units[0]))
        seconds = measure(units, x, args.steps, args.rate, device=args.device)
        network = "-".join(map(str, units))
        print(f"{network:15} {lanes:7} lanes {1e6 * seconds:9.3f} us a presentation", flush=True)
        rows.append({"network": network, "lanes": lanes, "torch": seconds})
    on_gpu = args.device.startswith("cuda")
    name = torch.cuda.get_device_name(args.device) if on_gpu else record.processor()
    print(name, torch.__version__)
    if args.json:
        record.keep(args.json, {"device": name, "torch": torch.__version__, "rows": rows})


if __name__ == "__main__":
    main()
