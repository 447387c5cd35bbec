"""
A PyTorch model on the chip
===========================

A ``torch.nn.Sequential`` with batch normalization, trained in plain PyTorch. Then
:func:`~nengo_dense.ladder` shows at which step of the conversion accuracy is lost, if at all.
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import nengo_dense

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)

torch.manual_seed(0)
model = nn.Sequential(
    nn.Linear(64, 48),
    nn.BatchNorm1d(48),
    nn.ReLU(),
    nn.Linear(48, 32),
    nn.ReLU(),
    nn.Linear(32, 10),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
samples = torch.tensor(x_train, dtype=torch.float32)
for _ in range(60):
    loss = nn.functional.cross_entropy(model(samples), torch.tensor(y_train))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"loss after training: {loss.item():.4f}")

# %%
# Put the model into evaluation mode first, as for any use of it: batch normalization then has
# fixed numbers and folds into the weights.
#
# From the source model over firing rates and spikes to the chip's integers, one change at a time.
# All rungs but the last have the model's own weights; the last one has those that were tuned.

model.eval()
report = nengo_dense.ladder(
    model, x_test, y_test, calibration=x_train, effort="fast", progress_bar=False
)
print(report)
figure = report.plot()

# %%
# To keep the tuned stack, ``nengo_dense.convert(model, calibration=x_train)`` returns it, and
# ``stack.save("digits.npz")`` writes it.
