"""The part of a network on the host: Nengo's operators on many lanes at once.

`.host` runs it. `.operators`, `.process`, `.filter` and `.function` turn Nengo's operators into
functions of all lanes, on the arrays of `.signals`. `.group` groups operators that run together,
and finds those that can be left out. `.translation` makes a `.plan` of a host that a kernel can
run. `.channel` connects host and chip.
"""
