"""Weights and biases change until the chip's integers answer as is wanted.

Nothing here knows of models that are converted: `nengo_dense.conversion.network_tuning` brings
samples and goals, and keeps the record. In the order in which it is best read:

- `.tuning` is the loop, `.from_scratch` what goes before it where a network knows nothing, and
  `.effort` how long it may take;
- what is wanted: `.answer` of samples in windows of time, `.distillation` of one output, `.goal`
  of all; `.lesson` makes batches of it;
- the network: `.circuit` as matrices, `.built_network` as the chip has it, and `.parameters`
  replaces its numbers;
- a step: `.through_time` and `.spike_slopes` find the way down, by rate where there are
  `.many_spikes`; `.step_size`, `.schedule` and `.soap` say how far, and `.host_limit` keeps to
  what the chip can take (`.usual_magnitude`);
- what came of it: `.judgement`, `.best_parameters`, the readout (`.readout_fit` and
  `.readout_scale`), and `.ending`.
"""
