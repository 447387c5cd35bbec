"""Documentation of the rules: a list, an explanation, and a page for each rule."""

import difflib

from nengo.exceptions import ValidationError

from nengo_dense.checks.declaration import Rule
from nengo_dense.checks.registry import Registry, load
from nengo_dense.plugins import show
from nengo_dense.terminal import printable

#: Most codes that are named in the place of one that does not exist.
N_NEAR = 5


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
            f"there is no rule {show(code)}; {_near(code, known)}'nengo-dense rules' lists "
            "them all",
            attr="code",
        )
    return known[code.upper()]


def _near(code: object, known: dict[str, Rule]) -> str:
    """Say which codes begin so or are spelled alike, or else which rules are about that word."""
    wanted = str(code).upper()
    near = [name for name in known if len(wanted) > 2 and name.startswith(wanted.rstrip("X"))]
    near = near or difflib.get_close_matches(wanted, known, n=N_NEAR)
    for attr in ("summary", "remedy", "explanation"):
        if not near and len(wanted) > 2:
            near = [name for name, rule in known.items() if wanted in getattr(rule, attr).upper()]
    return f"near to it are {', '.join(sorted(near)[:N_NEAR])}; " if near else ""


def explain(code: str) -> str:
    """Explain a rule for a terminal.

    Examples
    --------
    >>> print(explain("ND101"))
    ND101 demands: something is on the chip.
    If that does not hold, it is an error.
    ...
    """
    rule = find_rule(code)
    parts = [
        f"{rule.code} demands: {rule.summary}.\n{_if_broken(rule)}",
        rule.explanation.replace("``", "'"),
        f"How to fix it: {rule.remedy}",
    ]
    if rule.says:
        parts.append(f"nengo-loihi's messages: {', '.join(rule.says)}")
    return printable("\n\n".join(parts))


def rule_list() -> str:
    """Return one line per rule, by code, and the problems of plug-ins.

    The line states what must hold, under a heading, so that nobody takes it for a verdict.
    """
    known = load()
    lines = ["code   if broken  what must hold"]
    lines += [f"{r.code}  {r.severity:9}  {r.summary}" for r in _by_code(known)]
    lines += [f"problem: {problem}" for problem in known.problems]
    return "\n".join(printable(line, keep="") for line in lines)


#: What severities are called in a sentence.
_CALLED = {"error": "an error", "warning": "a warning", "info": "only information"}


def _if_broken(rule: Rule) -> str:
    return f"If that does not hold, it is {_CALLED[rule.severity]}."


#: The questions of the built-in family's groups, by the first characters of their codes.
GROUPS = {
    "ND1": "Does the network build for the chip, and does it compute there as it does in Nengo?",
    "ND2": "Does it fit the cores, the chip and the board?",
    "ND3": "How much precision do its numbers lose as integers?",
    "ND4": "How do the neurons fire on the chip?",
    "ND5": "How far can the answers be trusted?",
}


def rule_pages(sections: dict[str, str] | None = None) -> dict[str, str]:
    """Write a page for each rule.

    Parameters
    ----------
    sections : dict of {str: str}, optional
        Code -> reStructuredText to put at the end of its page, such as an example.

    Returns
    -------
    pages : dict of {str: str}
        Code -> reStructuredText.
    """
    more = sections or {}
    return {rule.code: _page(rule, more.get(rule.code, "")) for rule in rules()}


def rule_index() -> str:
    """Write the page that lists all rules, by group, with links to their pages."""
    title = "All rules"
    parts = [
        f"{title}\n{'=' * len(title)}",
        "Each rule states what must hold. The severity says how much it matters if it does not.",
    ]
    grouped: dict[str, list[Rule]] = {}
    for rule in rules():
        grouped.setdefault(rule.code[:-2], []).append(rule)
    for group, members in grouped.items():
        heading = f"{group}xx: {GROUPS[group]}" if group in GROUPS else f"{group}xx"
        parts.append(f"{heading}\n{'-' * len(heading)}")
        head = ".. list-table::\n   :header-rows: 1\n   :widths: 12 14 74\n\n"
        rows = [("rule", "if broken", "what must hold")]
        rows += [(f":doc:`{r.code} <{r.code}>`", r.severity, r.summary) for r in members]
        parts.append(head + "\n".join(f"   * - {a}\n     - {b}\n     - {c}" for a, b, c in rows))
    names = "\n".join(f"   {rule.code}" for rule in rules())
    parts.append(f".. toctree::\n   :hidden:\n\n{names}")
    return "\n\n".join(parts) + "\n"


def _page(rule: Rule, section: str) -> str:
    title = f"{rule.code}: {rule.summary}"
    parts = [
        f"{title}\n{'=' * len(title)}",
        f"This is what must hold. {_if_broken(rule)}",
        rule.explanation,
        f"How to fix it\n-------------\n{rule.remedy}",
        *([section] if section else []),
    ]
    if rule.says:
        said = "\n".join(f"- ``{pattern}``" for pattern in rule.says)
        parts.append(
            "nengo-loihi's messages\n----------------------\n"
            f"Regular expressions for the messages that this rule explains:\n\n{said}"
        )
    needs = ", ".join(f"``{name}``" for name in rule.requires) or "nothing"
    parts.append(
        f"What it needs\n-------------\n{needs}. Where something of that is missing, the report "
        "says so and skips the rule."
    )
    return "\n\n".join(parts) + "\n"
