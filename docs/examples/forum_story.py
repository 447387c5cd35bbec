"""The results that the page "A forum thread, solved" shows: a ladder, spikes, a stream, values.

    python forum_story.py FOLDER

trains on data that it makes itself, converts, and writes texts and pictures. It needs the
``sklearn`` extra and matplotlib. The build of the documentation runs it.
"""

import argparse
from pathlib import Path

from sklearn.datasets import make_classification, make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import nengo_dense
from nengo_dense.evaluation import stream_report

QUIET = {"progress_bar": False}
HIDDEN = {"hidden_layer_sizes": (64, 32, 32), "random_state": 0, "early_stopping": True}


def jets():
    """Make data with the shape of the jets, standardised, in four parts."""
    x, y = make_classification(
        3000, n_features=16, n_informative=10, n_classes=5, class_sep=1.5, random_state=0
    )
    return train_test_split(StandardScaler().fit_transform(x), y, random_state=0)


def classes(folder):
    """Write the ladder of a classifier, the spikes of one of its samples, and its streams."""
    x_train, x_test, y_train, y_test = jets()
    model = MLPClassifier(max_iter=300, **HIDDEN).fit(x_train, y_train)
    report = nengo_dense.ladder(
        model, x_test, y_test, calibration=x_train, effort="fast", label="jets", **QUIET
    )
    (folder / "ladder.txt").write_text(f"{report}\n", encoding="utf-8")
    report.plot(str(folder / "ladder.svg"))
    shown = int((report.evaluation.predictions == y_test).argmax())
    report.evaluation.raster(shown, str(folder / "raster.svg"))
    streams = stream_report(
        report.stack, x_test, y_test, gaps=(0, 0.01, 0.02, 0.05), order="random", **QUIET
    )
    (folder / "stream.txt").write_text(f"{streams}\n", encoding="utf-8")
    streams.plot(str(folder / "stream.svg"))


def values(folder):
    """Write how close the values of a regression come."""
    x, y = make_friedman1(2000, noise=1.0, random_state=0)
    x, y = StandardScaler().fit_transform(x), (y - y.mean()) / y.std()
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
    model = MLPRegressor(max_iter=300, **HIDDEN).fit(x_train, y_train)
    stack = nengo_dense.convert(model, calibration=x_train, effort="fast", **QUIET)
    source = model.predict(x_test)[:, None]
    result = nengo_dense.evaluate(stack, x_test, y_test, source=source, **QUIET)
    text = f"source R2 {model.score(x_test, y_test):.4f}\n{result.summary()}\n"
    (folder / "regression.txt").write_text(text, encoding="utf-8")
    result.plot(str(folder / "regression.svg"))


def write(folder):
    """Write everything to a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    classes(folder)
    values(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", help="where to write")
    write(parser.parse_args().folder)
