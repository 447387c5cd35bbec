"""Sphinx configuration."""

from nengo_dense.version import version as release  # noqa: F401

project = "nengo_dense"
author = "The nengo_dense contributors"
copyright = "2026, " + author

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
html_theme = "furo"
html_title = f"nengo_dense {release}"
exclude_patterns = ["_build", "examples/*/README.rst"]
default_role = "py:obj"
nitpicky = False

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters say it, with shapes
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
