"""Keras's files are read in a hundredth of the time."""

import pytest


@pytest.fixture(autouse=True)
def _readers_are_forks(readers_are_forks):
    pass
