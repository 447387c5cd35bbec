"""Functions of nodes: every lane gets its own copy if they may keep state."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from nengo.builder.operator import Operator, SimPyFunc
from nengo.exceptions import BuildError
from nengo.utils.functions import function_name


class LaneFunctions:
    """Give every lane its own callable.

    A callable object, or the object of a method, may keep state from step to step, as a delay line
    does. The first lane gets the object itself, and every other lane a deep copy. If several
    functions share an object, their copies in one lane share its copy. Plain functions are the
    same in all lanes; if they change something outside themselves, it changes for all lanes.

    Parameters
    ----------
    lanes : int
    operators : iterable of Operator
        All operators that call functions.
    """

    def __init__(self, lanes: int, operators: Iterable[Operator]) -> None:
        self._memos: list[dict] = [{} for _ in range(lanes - 1)]
        self._given_input = {
            id(_owner(op.fn)) for op in operators if type(op) is SimPyFunc and op.x is not None
        }

    def of_time(self, function: Callable) -> list[Callable]:
        """Return a callable for each lane, or one for all lanes.

        If an object only gets the time, it is the same in every lane, and one is enough.
        """
        return self.of(function) if id(_owner(function)) in self._given_input else [function]

    def of(self, function: Callable) -> list[Callable]:
        """Return a callable for each lane; later calls return the same ones.

        Raises
        ------
        BuildError
            The object cannot be copied.
        """
        try:
            return [function, *(copy.deepcopy(function, memo) for memo in self._memos)]
        except Exception as err:  # the object's own code may raise any error
            raise BuildError(
                f"Function '{function_name(function)}' belongs to an object that cannot be copied "
                f"for {len(self._memos) + 1} lanes ({type(err).__name__}: {err}). Use a function "
                "without state, a nengo.Process, which has state in every lane, or one lane"
            ) from err


def _owner(function: Callable) -> Any:
    """Return the object whose method a function is, or the function itself."""
    return getattr(function, "__self__", function)
