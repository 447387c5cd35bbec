"""The selection of rules, and the findings to ignore, with the reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.checks.finding import Finding
from nengo_dense.plugins import show

#: Most selectors that are looked at; there are no more rules.
MOST_CODES = 10_000


@dataclass(frozen=True)
class Selection:
    """Codes, or beginnings of codes, to select and to ignore.

    Parameters
    ----------
    select : tuple of str
        Empty for all.
    ignore : dict of {str: str}
        Code -> reason.
    """

    select: tuple[str, ...]
    ignore: Mapping[str, str]

    @classmethod
    def of(
        cls,
        select: str | Iterable[str] | None,
        ignore: Mapping[str, str] | None,
        known: Iterable[str],
    ) -> "Selection":
        """Validate a user's selection.

        Raises
        ------
        nengo.exceptions.ValidationError
            A selector matches no rule, or a reason for ignoring is missing.
        """
        chosen: Any = select
        if isinstance(chosen, np.ndarray) and chosen.size <= MOST_CODES:
            chosen = chosen.tolist()
        chosen = () if chosen is None else (chosen,) if isinstance(chosen, str) else chosen
        try:
            chosen = tuple(islice(chosen, MOST_CODES))
        except TypeError as err:  # it is nothing to go through, or only says that it is
            raise ValidationError(
                'must be a code, the beginning of one, or a list of them, such as ["ND2", '
                f'"ND401"], got {show(select)}',
                attr="select",
            ) from err
        if ignore is not None and not isinstance(ignore, Mapping):
            raise ValidationError(
                "must give reasons: a dictionary of code and reason, such as "
                f'{{"ND206": "small board"}}, got {show(ignore)}',
                attr="ignore",
            )
        known = sorted(known)
        for attr, selectors in (("select", chosen), ("ignore", tuple(ignore or {}))):
            for selector in selectors:
                fits = isinstance(selector, str) and selector
                if not fits or not any(code.startswith(selector) for code in known):
                    raise ValidationError(
                        f"no rule's code begins with {show(selector)}; the rules are "
                        f"{', '.join(known)}",
                        attr=attr,
                    )
        for code, reason in (ignore or {}).items():
            if not isinstance(reason, str) or not reason.strip():
                raise ValidationError(
                    f"needs a reason in words for {code}, got {show(reason)}", attr="ignore"
                )
        return cls(chosen, dict(ignore or {}))

    def wants(self, code: str) -> bool:
        """Tell whether a rule is selected."""
        return not self.select or code.startswith(self.select)

    def apply(self, findings: list[Finding]) -> list[tuple[Finding, str]]:
        """Remove the ignored findings from a list; return them with the reasons."""
        ignored = []
        for finding in list(findings):
            reasons = [why for code, why in self.ignore.items() if finding.code.startswith(code)]
            if reasons:
                findings.remove(finding)
                ignored.append((finding, reasons[0]))
        return ignored
