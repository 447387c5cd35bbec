"""Lets sphinx-gallery find the figures of results, which pyplot does not know.

sphinx-gallery calls ``_get_sg_image_scraper`` of a module that its configuration names.
"""

from sphinx_gallery.scrapers import figure_rst

from nengo_dense.figure import NotebookFigure

#: Where the figures of a block, once saved, are remembered among its variables.
SAVED = "__figures_that_were_saved__"


def scrape(block, block_vars, gallery_conf):
    """Save the figures that a block of an example has made, and write the text that shows them."""
    names = block_vars["example_globals"]
    saved = names.setdefault(SAVED, [])
    paths = []
    for value in list(names.values()):
        if isinstance(value, NotebookFigure) and not any(value is other for other in saved):
            path = next(block_vars["image_path_iterator"])
            value.savefig(path)
            saved.append(value)
            paths.append(path)
    return figure_rst(paths, gallery_conf["src_dir"])


def _get_sg_image_scraper():
    return scrape
