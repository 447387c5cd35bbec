"""A family of rules for nengo_dense.check: the conventions of one laboratory."""

from nengo_dense.checks import Finding, rule


@rule("TIDY101", "warning", "every layer has a name", remedy="Give the ensemble a label.")
def named(graph):
    """Reports and plots show a layer's label; without a label they can only number it."""
    for ensemble in graph.chip:
        if not ensemble.label:
            yield Finding(graph.name(ensemble), "has no label")


@rule("TIDY102", "error", "layers stay below our power budget", remedy="Use fewer neurons.")
def power(layer_table):
    """Our board's battery can supply the chip with 10 mW."""
    for row in layer_table.rows:
        watts = row.get("power", 0.0)
        if watts > 10e-3:
            yield Finding(row["layer"], f"takes {watts:.2g} W", value=watts, limit=10e-3, unit="W")


rules = (named, power)
