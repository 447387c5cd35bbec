"""Times in seconds as numbers of steps: of runs, presentations and gaps."""

from typing import Any

from nengo_dense.arguments import number, positive
from nengo_dense.exceptions import invalid

#: Most steps of a run: more than three weeks at a step of 1 ms.
MOST_STEPS = 2**31 - 1
#: A presentation of more seconds than this was probably given in milliseconds.
UNUSUAL_TIME = 5.0
#: Most steps that a sample, or a frame of a sequence, stays the same; networks are tuned for some
#: hundred at most, and tuning takes as much longer as there are more.
MOST_STILL_STEPS = 5000
#: Most steps of one presentation; all of them are in memory at once.
MOST_PRESENTATION_STEPS = 10**6


def whole_steps(
    seconds: Any, dt: Any, attr: str, obj: object = None, *, least: int = 0, most: int = MOST_STEPS
) -> int:
    """Return the number of whole steps nearest to a time.

    Parameters
    ----------
    seconds, dt : float
        The time, not negative, and the length of a step.
    attr : str
        Name of the time, for messages.
    obj : object, optional
        For messages.
    least, most : int, optional
        Smallest and largest allowed number of steps.

    Raises
    ------
    nengo.exceptions.ValidationError
        A time is not a valid number, or the number of steps is outside the limits.
    """
    step = positive(dt, "dt", obj, "seconds")
    time = positive(seconds, attr, obj, "seconds") if least else number(seconds, attr, obj)
    if time < 0:  # Nengo says "must be positive", and tests of other packages match it
        raise invalid(f"must be positive or 0 seconds, got {time:g}", attr, obj)
    if time / step > most + 0.5:
        raise invalid(f"must be at most {most} steps of {step:g} seconds, got {time:g}", attr, obj)
    n_steps = round(time / step)
    if n_steps < least:
        fewest = "one step" if least == 1 else f"{least} steps"
        raise invalid(f"must be at least {fewest} of {step:g} seconds, got {time:g}", attr, obj)
    return n_steps


def presentation_steps(presentation_time: Any, dt: Any, obj: object = None) -> int:
    """Return the number of steps of a presentation, or raise a ValidationError.

    Parameters
    ----------
    presentation_time, dt : float
        In seconds. A presentation must last more than half a step; it is rounded to whole steps.
    obj : object, optional
        For messages.
    """
    most = MOST_PRESENTATION_STEPS
    return whole_steps(presentation_time, dt, "presentation_time", obj, least=1, most=most)


def check_still(n_steps: int, dt: float, n_frames: int | None = None) -> str:
    """Refuse to show a sample for so long that other than seconds are meant.

    Parameters
    ----------
    n_steps : int
        Of a sample, or of the longest sequence.
    dt : float
        Step in seconds.
    n_frames : int, optional
        Of the longest sequence; what changes may take as much longer.

    Returns
    -------
    said : str
        What `unusual_time` says of what is allowed.

    Raises
    ------
    nengo.exceptions.ValidationError
        A sample, or a frame, lasts more than `MOST_STILL_STEPS`.

    Examples
    --------
    >>> check_still(100, 0.001)
    ''
    """
    most, time = MOST_STILL_STEPS * (n_frames or 1), n_steps * dt
    if n_steps > most:
        what = f"sequences of {n_frames} frames" if n_frames else "a sample that stays the same"
        raise invalid(
            f"is {time:g} seconds, that is {n_steps} steps of {dt:g}, and must be at most {most} "
            f"steps for {what}. It is in seconds, {time / 1000:g} for {time:g} ms. Longer runs "
            "need a larger dt, or a Simulator, which runs for any time",
            "presentation_time",
        )
    return unusual_time(time / (n_frames or 1), dt)


def unusual_time(seconds: float, dt: float, attr: str = "presentation_time") -> str:
    """Say that a time was probably given in milliseconds; empty if it was not.

    Parameters
    ----------
    seconds, dt : float
    attr : {"presentation_time", "gap"}, optional
    """
    if seconds <= UNUSUAL_TIME:
        return ""
    what = {
        "presentation_time": f"Every sample is shown for {seconds:g} seconds",
        "gap": f"After every sample there are {seconds:g} seconds without input",
    }[attr]
    return (
        f"{what}, that is {seconds / dt:.0f} steps: if milliseconds are meant, give "
        f"{attr}={seconds / 1000:g}."
    )
