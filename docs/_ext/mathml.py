"""Formulas as MathML, which browsers draw by themselves: no script and no network.

Sphinx's usual renderer, MathJax, is fetched from another server whenever a page is read. docutils
brings a translator from TeX to MathML along.
"""

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml


def visit_math(translator, node):
    """Write a formula inside a sentence."""
    translator.body.append(tex2mathml(node.astext()))
    raise SkipNode


def visit_displaymath(translator, node):
    """Write a formula that has a line of its own."""
    formula = tex2mathml(node.astext()).replace("<math", '<math display="block"', 1)
    translator.body.append(f'<div class="math">{formula}</div>\n')
    raise SkipNode


def setup(app):
    """Let Sphinx call us."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    return {"parallel_read_safe": True}
