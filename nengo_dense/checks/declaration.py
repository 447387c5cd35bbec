"""How rules and facts are declared: data, prose, and a function."""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nengo.exceptions import ValidationError

from nengo_dense.checks.finding import Finding, require_severity, require_text
from nengo_dense.plugins import show

#: Letters of the family, then three digits of which the first is the group.
CODE = re.compile(r"[A-Z]{2,}[0-9]{3}")
FAMILY = re.compile(r"[A-Z]{2,}")


@dataclass(frozen=True)
class Rule:
    """A rule as data; `~nengo_dense.checks.rule` makes one from a generator function.

    Parameters
    ----------
    code : str
        Family and number, e.g. ``"ND104"``.
    severity : {"error", "warning", "info"}
    summary : str
        One line that states what should hold.
    explanation : str
        The reason for the rule and the symptoms, in reStructuredText.
    remedy : str
        How to fix the problem; shown if a finding has no remedy of its own.
    find : callable
        Generator of `Finding`; its parameters are the facts that it needs. A parameter with a
        default is an optional fact.
    requires : tuple of str
        Names of those facts, and codes of rules that must find no error before this one runs.
    says : tuple of str
        Regular expressions for the texts of nengo-loihi that this rule explains. A build error
        with such a text is not reported a second time as ND100.

    Raises
    ------
    nengo.exceptions.ValidationError
        A code, severity or text that cannot be one, or a function without readable parameters.

    Examples
    --------
    `nengo_dense.checks.rule` makes one:

    >>> from nengo_dense.checks import Finding, rule
    >>> @rule("XY102", "warning", "Networks have a label", remedy="Set network.label.")
    ... def labelled(network):
    ...     '''Reports name the network by its label.'''
    ...     if not network.label:
    ...         yield Finding("network", "has no label")
    >>> labelled.family, labelled.facts, labelled.severity
    ('XY', ('network',), 'warning')
    """

    code: str
    severity: str
    summary: str
    explanation: str
    remedy: str
    find: Callable[..., Iterable[Finding]] = field(repr=False)
    requires: tuple[str, ...] = ()
    says: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.code, str) or not CODE.fullmatch(self.code):
            raise ValidationError(
                "must be two or more capitals and three digits, such as 'XY101', "
                f"got {show(self.code)}",
                attr="code",
                obj=self,
            )
        require_severity(self.severity, self)
        for attr in ("summary", "explanation", "remedy"):
            require_text(getattr(self, attr), attr, self)
        _parameters(self.find, "find", self)
        _require_texts(self.requires, "requires", self)
        _require_texts(self.says, "says", self)
        for pattern in self.says:
            try:
                re.compile(pattern)
            except re.error as err:
                raise ValidationError(
                    f"must be regular expressions, but {pattern!r} is none: {err}", "says", self
                ) from err

    @property
    def family(self) -> str:
        """The letters of the code."""
        return self.code.rstrip("0123456789")

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts among ``requires``."""
        return tuple(name for name in self.requires if not CODE.fullmatch(name))

    @cached_property
    def optional(self) -> set[str]:
        """The optional facts: the parameters with a default."""
        return _with_default(self.find)

    @property
    def rules(self) -> tuple[str, ...]:
        """The codes among ``requires``."""
        return tuple(name for name in self.requires if CODE.fullmatch(name))


def _require_texts(values: Any, attr: str, obj: object) -> None:
    if not isinstance(values, tuple | list) or not all(isinstance(v, str) for v in values):
        raise ValidationError(f"must be a tuple of strings, got {show(values)}", attr, obj)


def _parameters(function: Any, attr: str, obj: object = None) -> dict[str, inspect.Parameter]:
    """Read the parameters of a function; refuse an object whose parameters cannot be read."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError) as err:
        raise ValidationError(
            f"must be a function with parameters that can be read, got {show(function)}", attr, obj
        ) from err


def _with_default(function: Callable[..., Any]) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name for p in parameters if p.default is not p.empty}


@dataclass(frozen=True)
class Fact:
    """Information that rules need; computed once, and only if a rule needs it.

    Parameters
    ----------
    name : str
        The parameter name by which rules and other facts request it.
    summary : str
    compute : callable
        Its parameters are the facts that it depends on. If it raises an error, every rule that
        needs the fact is skipped, with the error as the reason.

    Raises
    ------
    nengo.exceptions.ValidationError
        A name that is no parameter's, or a function without readable parameters.

    Examples
    --------
    `nengo_dense.checks.fact` makes one:

    >>> from nengo_dense.checks import fact
    >>> @fact("Number of ensembles in the network.")
    ... def n_ensembles(network):
    ...     return len(network.all_ensembles)
    >>> n_ensembles.requires
    ('network',)
    """

    name: str
    summary: str
    compute: Callable[..., Any] = field(repr=False)

    def __post_init__(self) -> None:
        require_text(self.name, "name", self)
        require_text(self.summary, "summary", self)
        if not self.name.isidentifier() or CODE.fullmatch(self.name):
            raise ValidationError(
                f"must be the name of a parameter, and no code of a rule, got {show(self.name)}",
                attr="name",
                obj=self,
            )
        _parameters(self.compute, "compute", self)

    @cached_property
    def requires(self) -> tuple[str, ...]:
        """Names of the facts that this one depends on."""
        return tuple(inspect.signature(self.compute).parameters)

    @cached_property
    def optional(self) -> set[str]:
        """The optional ones among them."""
        return _with_default(self.compute)


def rule(
    code: str,
    severity: str,
    summary: str,
    *,
    remedy: str,
    says: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
) -> Callable[[Callable[..., Iterable[Finding]]], Rule]:
    """Turn a generator of findings into a `~nengo_dense.checks.Rule`.

    Its docstring becomes the explanation.

    Parameters
    ----------
    code, severity, summary, remedy, says
        See `nengo_dense.checks.Rule`.
    after : tuple of str
        Codes of rules that must find no error before this one runs.

    Returns
    -------
    decorator : callable
        Takes the generator function, and returns the rule.

    Raises
    ------
    nengo.exceptions.ValidationError
        As `nengo_dense.checks.Rule` does.

    Examples
    --------
    >>> @rule("XY101", "info", "Networks are small", remedy="Use fewer neurons.")
    ... def small(network):
    ...     '''Small networks are easy to look at.'''
    ...     if network.n_neurons > 100:
    ...         yield Finding("network", "is large", value=network.n_neurons, limit=100)
    >>> small.code, small.requires, small.explanation
    ('XY101', ('network',), 'Small networks are easy to look at.')
    """

    def make(find: Callable[..., Iterable[Finding]]) -> Rule:
        _require_texts(after, "after", None)
        return Rule(
            code=code,
            severity=severity,
            summary=summary,
            explanation=inspect.getdoc(find) or "",
            remedy=remedy,
            find=find,
            requires=(*_parameters(find, "find"), *after),
            says=says,
        )

    return make


def fact(summary: str) -> Callable[[Callable[..., Any]], Fact]:
    """Turn a function into the `nengo_dense.checks.Fact` of its name.

    Parameters
    ----------
    summary : str
        One line that says what it is.

    Returns
    -------
    decorator : callable
        Takes the function, whose parameters are the facts that it needs, and returns the fact.

    Examples
    --------
    >>> @fact("Number of neurons in the network.")
    ... def n_neurons(network):
    ...     return network.n_neurons
    >>> n_neurons.name
    'n_neurons'
    """

    def make(compute: Callable[..., Any]) -> Fact:
        return Fact(compute.__name__, summary, compute)

    return make
