"""Functions of nodes, one for every lane where they keep state."""

import copy
from collections.abc import Callable

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
    """

    def __init__(self, lanes: int) -> None:
        self._memos: list[dict] = [{} for _ in range(lanes - 1)]

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
