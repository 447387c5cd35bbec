"""
A test set on many processes, or many machines
==============================================

The emulator runs a batch of samples at once on one core. ``n_jobs`` of
:func:`~nengo_dense.evaluate`, :func:`~nengo_dense.predict` and :func:`~nengo_dense.ladder` divides
the batches among processes. joblib starts them, so its other back ends serve too: here a Dask
cluster of two workers, which could as well be machines.
"""

from dask.distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import nengo_dense

x, y = load_digits(return_X_y=True)
x = x / 16
model = MLPClassifier((32, 24), max_iter=500, random_state=0).fit(x[:1200], y[:1200])
stack = nengo_dense.convert(model, calibration=x[:1200], effort="fast", progress_bar=False)

cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=False)
with cluster, Client(cluster), parallel_config(backend="dask"):
    result = nengo_dense.evaluate(
        stack, x[1200:], y[1200:], minibatch_size=100, n_jobs=2, progress_bar=False
    )
print(f"in a cluster:   {result.accuracy:.2%} right")

# %%
# The answers do not depend on who computed them: every number is the same as in one process.

alone = nengo_dense.evaluate(stack, x[1200:], y[1200:], minibatch_size=100, progress_bar=False)
print(f"in one process: {alone.accuracy:.2%} right")
print("differences:", (alone.predictions != result.predictions).sum())

# %%
# ``processes=False`` keeps this page's workers in one process. In a script of your own leave it
# out, and put the lines that start a cluster under ``if __name__ == "__main__":``, because each
# worker imports the script. A cluster that runs elsewhere is named by its address:
# ``Client("scheduler:8786")``; its workers need nengo_dense installed.

# sphinx_gallery_thumbnail_path = 'pictures/drawn/chip.svg'
