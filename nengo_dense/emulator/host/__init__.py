"""The part of a network that runs beside the chip: Nengo's operators on many lanes at once.

`.host` runs it. Its operators become functions of all lanes in `.operators`, `.process`, `.filter`
and `.function`, on the arrays of `.signals`; `.group` says which run together, and which need not.
`.translation` makes a `.plan` of a host that a kernel can run. `.channel` leads to the chip.
"""
