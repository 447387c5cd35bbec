"""The page on installation knows every extra and every Python that setup.cfg has."""

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "install.rst").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def setup_cfg():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def test_every_extra_is_named(setup_cfg):
    for extra in setup_cfg["options.extras_require"]:
        assert f"``{extra}``" in PAGE, extra


def test_every_python_is_in_the_table(setup_cfg):
    pythons = re.findall(r"Python :: (3\.\d+)", setup_cfg["metadata"]["classifiers"])
    table = PAGE.partition("Which versions go together")[2]
    assert pythons
    assert all(python in table for python in pythons)


def test_bounds_are_those_of_setup_cfg(setup_cfg):
    extras = setup_cfg["options.extras_require"]
    assert "tensorflow>=2.10,<2.13" in extras["dl"]
    assert "TensorFlow 2.10 to 2.12" in PAGE
    assert "numpy<1.24.4" in extras["dl"]
    assert "NumPy below 1.24.4" in PAGE
    assert "tensorflow>=2.16,<2.22" in extras["tf-keras"]
    assert "TensorFlow 2.16 to 2.21" in PAGE
    assert "numpy>=1.22" in setup_cfg["options"]["install_requires"]
    assert "1.22 or later" in PAGE
