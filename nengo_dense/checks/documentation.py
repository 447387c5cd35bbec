"""Documentation of the rules: a list, an explanation, and a page for each rule."""

from nengo.exceptions import ValidationError

from nengo_dense.checks.declaration import Rule
from nengo_dense.checks.registry import Registry, load
from nengo_dense.checks.terminal import printable
from nengo_dense.plugins import show


def rules() -> list[Rule]:
    """List the rules of all installed families, by code."""
    return _by_code(load())


def _by_code(known: Registry) -> list[Rule]:
    return [known.rules[code] for code in sorted(known.rules)]


def find_rule(code: str, registry: Registry | None = None) -> Rule:
    """Find a rule by its code, in upper or lower case.

    Raises
    ------
    nengo.exceptions.ValidationError
        There is no such rule.
    """
    known = (registry or load()).rules
    if not isinstance(code, str) or code.upper() not in known:
        raise ValidationError(
            f"there is no rule {show(code)}; the rules are {', '.join(sorted(known))}", attr="code"
        )
    return known[code.upper()]


def explain(code: str) -> str:
    """Explain a rule for a terminal.

    Examples
    --------
    >>> print(explain("ND101"))
    ND101 (error): something is on the chip
    ...
    """
    rule = find_rule(code)
    parts = [
        f"{rule.code} ({rule.severity}): {rule.summary}",
        rule.explanation.replace("``", "'"),
        f"How to fix it: {rule.remedy}",
    ]
    if rule.says:
        parts.append(f"nengo-loihi's messages: {', '.join(rule.says)}")
    return printable("\n\n".join(parts))


def rule_list() -> str:
    """Return one line per rule, by code, and the problems of plug-ins."""
    known = load()
    lines = [f"{r.code}  {r.severity:7}  {r.summary}" for r in _by_code(known)]
    lines += [f"problem: {problem}" for problem in known.problems]
    return "\n".join(printable(line, keep="") for line in lines)


def rule_pages() -> dict[str, str]:
    """Write a page for each rule.

    Returns
    -------
    pages : dict of {str: str}
        Code -> reStructuredText.
    """
    return {rule.code: _page(rule) for rule in rules()}


def _page(rule: Rule) -> str:
    title = f"{rule.code}: {rule.summary}"
    parts = [
        f"{title}\n{'=' * len(title)}",
        f":Severity: {rule.severity}\n:Needs: {', '.join(rule.requires) or 'nothing'}",
        rule.explanation,
        f"How to fix it\n-------------\n{rule.remedy}",
    ]
    if rule.says:
        said = "\n".join(f"- ``{pattern}``" for pattern in rule.says)
        parts.append(
            "nengo-loihi's messages\n----------------------\n"
            f"Regular expressions for the messages that this rule explains:\n\n{said}"
        )
    return "\n\n".join(parts) + "\n"
