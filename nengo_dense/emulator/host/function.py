"""Functions of nodes, one for every lane where they keep state."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from nengo.builder.operator import Operator, SimPyFunc
from nengo.exceptions import BuildError
from nengo.utils.functions import function_name


class LaneFunctions:
    """Give every lane a callable of its own.

    An object that is called, and the object of a method, may keep state from step to step, as a
    delay line does: the first lane gets the object itself, every other lane a deep copy, in which
    objects that several functions share are still shared. Plain functions are the same in all
    lanes; what they change outside themselves, all lanes change.

    Parameters
    ----------
    lanes : int
    operators : iterable of Operator
        All that call functions.
    """

    def __init__(self, lanes: int, operators: Iterable[Operator]) -> None:
        self._memos: list[dict] = [{} for _ in range(lanes - 1)]
        self._given_input = {
            id(_owner(op.fn)) for op in operators if type(op) is SimPyFunc and op.x is not None
        }

    def of_time(self, function: Callable) -> list[Callable]:
        """Get a callable for each lane, or one for all of them.

        An object that is only ever told the time cannot know in which lane it is.
        """
        return self.of(function) if id(_owner(function)) in self._given_input else [function]

    def of(self, function: Callable) -> list[Callable]:
        """Get a callable for each lane, the same ones whenever it is asked again.

        Raises
        ------
        BuildError
            The object cannot be copied.
        """
        try:
            return [function, *(copy.deepcopy(function, memo) for memo in self._memos)]
        except Exception as err:  # whatever the object's own code raises
            raise BuildError(
                f"Function '{function_name(function)}' belongs to an object that cannot be copied "
                f"for {len(self._memos) + 1} lanes ({type(err).__name__}: {err}). Use a function "
                "without state, a nengo.Process, which has state in every lane, or one lane"
            ) from err


def _owner(function: Callable) -> Any:
    """Return the object whose method a function is, or the function itself."""
    return getattr(function, "__self__", function)
