"""Packages of rules that are installed for one test."""

import sys

import entrypoints
import pytest

from nengo_dense.checks import registry
from nengo_dense.plugins import Found

HEAD = """import os, signal, sys, threading, time
import numpy as np
from nengo_dense.checks import Fact, Finding, Rule, fact, rule
class Mute(Exception):
    def __str__(self):
        raise ValueError('str')
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with a module of rules as the only one beside nengo_dense."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(code, name="evil_rules"):
        (tmp_path / f"{name}.py").write_text(HEAD + code)
        monkeypatch.delitem(sys.modules, name, raising=False)
        package = entrypoints.Distribution("evil", "1.2")
        entry = entrypoints.EntryPoint("EV", name, "rules", distro=package)
        monkeypatch.setattr(registry, "_installed", lambda path: Found([entry]))

    return install
