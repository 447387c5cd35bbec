"""
A network in Nengo GUI
======================

`Nengo GUI <https://www.nengo.ai/nengo-gui/>`_ shows a network in a browser, and its values while
it runs. It opens a script that leaves its network in a variable named ``model``, as this one does.
Start it with the emulator as its back end:

.. code-block:: bash

   pip install "nengo-gui>=0.6"
   nengo -b nengo_dense plot_12_nengo_gui.py

:doc:`/nengo_gui` shows the window, and says what to do in it.
"""

import nengo
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import nengo_dense

x, y = load_digits(return_X_y=True)
x = x / 16
classifier = MLPClassifier((32, 24), max_iter=100, random_state=0, tol=0.01)
classifier.fit(x[:1200], y[:1200])
stack = nengo_dense.convert(
    classifier, calibration=x[:1200], effort="fast", label="digits", progress_bar=False
)

with nengo.Network(label="reading digits", seed=0) as model:
    model.add(stack)
    images = nengo.Node(nengo.processes.PresentInput(x[1200:], 0.1), label="images")
    nengo.Connection(images, stack.input, synapse=None)
    answer = nengo.Node(size_in=10, label="answer")
    nengo.Connection(stack.output, answer, synapse=0.02)

# %%
# Nengo GUI makes the simulator itself, and it runs the script whenever the script changes: leave
# simulators out, or put them where only Python goes, as below. A network that takes long to
# convert is better saved once, and loaded here with ``nengo_dense.DenseStack.load``.

if __name__ == "__main__":
    with model:
        shown = nengo.Probe(answer)
    with nengo_dense.Simulator(model, progress_bar=False) as sim:
        sim.run(0.5)
    print("answers:", sim.data[shown][99::100].argmax(axis=1), "true classes:", y[1200:1205])

# sphinx_gallery_thumbnail_path = 'pictures/nengo_gui.png'
