"""Sphinx configuration."""

import importlib.util
import inspect
import logging
import subprocess
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import drawing
import rule_example
from sphinx.util.inspect import stringify_signature

from nengo_dense.checks.documentation import rule_index, rule_pages
from nengo_dense.version import version as release

# nengo-loihi tells of each run; what examples print is shown on their pages.
logging.getLogger("nengo_loihi").setLevel(logging.WARNING)

project = "nengo_dense"
author = "The nengo_dense contributors"
copyright = "2026, " + author

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "mathml",
]
html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"nengo_dense {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
exclude_patterns = [
    "_build",
    "examples/*/README.rst",
    "examples/gallery/GALLERY_HEADER.rst",
    "parity.rst",
    "measured/*",
]  # included, no page
default_role = "py:obj"
nitpicky = True
templates_path = ["_templates"]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters say it, with shapes
numpydoc_show_class_members = False
numpydoc_xref_param_type = False


# Snippets are copied without prompts and without what they print.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Keras needs PyTorch here to train. Where PyTorch could not be installed, the pages of both are
# shown without what they print, rather than not at all.
WITHOUT_TORCH = "" if importlib.util.find_spec("torch") else "(?!02_keras|03_torch)"

sphinx_gallery_conf = {
    "filename_pattern": f"/plot_{WITHOUT_TORCH}",
    "examples_dirs": "examples/gallery",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("matplotlib", "figure_scraper"),
    "capture_repr": (),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "write_computation_times": False,
    "min_reported_time": 600,  # a page does not say how busy the machine was
    "parallel": True,  # as many at once as sphinx-build has --jobs
}


#: Other projects -> where their pages are. The names that ours refer to lie in inventories/, so
#: that a build needs no network and a dead reference is found in every one.
PROJECTS = {
    "python": "https://docs.python.org/3/",
    "numpy": "https://numpy.org/doc/stable/",
    "nengo": "https://www.nengo.ai/nengo/",
}


def write_inventory(name):
    """Turn a list of names into the compressed file that intersphinx reads (format 2)."""
    folder = Path(__file__).parent
    lines = Path(folder, "inventories", f"{name}.txt").read_bytes()
    file = Path(folder, "_build", f"{name}.inv")
    file.parent.mkdir(exist_ok=True)
    head = f"# Sphinx inventory version 2\n# Project: {name}\n# Version:\n# The rest is zlib\n"
    file.write_bytes(head.encode() + zlib.compress(lines))
    return str(file)


intersphinx_mapping = {
    name: (address, write_inventory(name)) for name, address in PROJECTS.items()
}


def is_old(written, *sources):
    """Tell whether something has changed since a file was written: a source, or the package."""
    package = Path(__file__).parents[1].glob("nengo_dense/**/*.py")
    newest = max(source.stat().st_mtime for source in (*sources, *package))
    return not written.exists() or written.stat().st_mtime < newest


def write_rule_pages(app):
    """Write a page for each rule, with its example run, before Sphinx looks for pages."""
    folder = Path(app.srcdir, "rules")
    folder.mkdir(exist_ok=True)
    written = folder / "index.rst"  # the last one
    if is_old(written, Path(rule_example.__file__), *rule_example.paths()):
        examples = [rule_example.show(path) for path in rule_example.paths()]
        pages = rule_pages({example.code: rule_example.section(example) for example in examples})
        for name, text in {**pages, "index": rule_index()}.items():
            (folder / f"{name}.rst").write_text(text, encoding="utf-8")


def forget_examples(app):
    """Remove what earlier builds wrote of examples that are no longer there, or renamed."""
    scripts = {path.stem for path in Path(app.srcdir, "examples", "gallery").glob("*.py")}
    for path in Path(app.srcdir, "gallery").glob("plot_*"):
        if path.name.split(".")[0] not in scripts:
            path.unlink()


def forget_names(app):
    """Remove the pages of names that are no longer on the page of the API."""
    page = Path(app.srcdir, "api.rst").read_text(encoding="utf-8")
    for path in Path(app.srcdir, "api", "generated").glob("nengo_dense.*.rst"):
        if f"   {path.stem.removeprefix('nengo_dense.')}\n" not in page:
            path.unlink()


def draw_pictures(app):
    """Draw the guide's pictures."""
    drawing.write(Path(app.srcdir, "pictures", "drawn"))


def write_results(app):
    """Run the example whose results a page shows, if it or the package has changed since.

    In a process of its own: threads of its products would stay here, where Sphinx forks later.
    """
    script = Path(app.srcdir, "examples", "forum_story.py")
    folder = Path(app.srcdir, "results")
    if is_old(folder / "regression.svg", script):  # the last one that it writes
        subprocess.run([sys.executable, str(script), str(folder)], check=True)


def signature_of(app, what, name, obj, options, signature, returns):
    """Show what a class takes, where its metaclass, Nengo's, only passes arguments on."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    if getattr(obj, "_is_protocol", False):
        return "", None
    own = inspect.signature(obj.__init__)
    own = own.replace(parameters=list(own.parameters.values())[1:])  # without self
    return stringify_signature(own, show_annotation=False, show_return_annotation=False), None


def setup(app):
    """Let Sphinx call us."""
    app.connect("autodoc-process-signature", signature_of)
    # before the gallery, whose examples then find the functions that it has compiled
    app.connect("builder-inited", write_results, priority=400)
    app.connect("builder-inited", write_rule_pages)
    app.connect("builder-inited", forget_examples)
    app.connect("builder-inited", forget_names, priority=400)  # before autosummary reads them
    # before sphinx-gallery, which takes a thumbnail from there
    app.connect("builder-inited", draw_pictures, priority=400)
