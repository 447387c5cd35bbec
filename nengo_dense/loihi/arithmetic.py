"""The chip's integer arithmetic: pure functions on NumPy arrays, each with its recurrence.

The numbers are those of nengo-loihi 1.1.0 (``builder/discretize.py``, ``emulator/interface.py``);
the identities that make them fast are proven in the docstrings and tested against nengo-loihi.
"""

import warnings

import numpy as np

from nengo_dense.loihi.limits import DECAY_BITS

#: Largest magnitude of an error and of a trace in the chip's learning engine (7 bits).
LEARN_MAX = 127
#: Bits of the learning accumulator, and the extra fraction bits that weights have in it.
LEARN_BITS = 15
LEARN_FRAC = 7


def wrap_signed(x: np.ndarray, bits: int) -> np.ndarray:
    """Keep ``bits`` bits and the sign of a 32-bit integer, as a narrower register does.

    Shifting left drops the bits above the register's sign bit; the arithmetic shift back copies
    that sign bit down again: ``(x + 2**bits) % 2**(bits + 1) - 2**bits``.

    Parameters
    ----------
    x : (...) int32 array
        Values, of any magnitude.
    bits : int
        Bits of the register without its sign: `.limits.Q_BITS` or `.limits.U_BITS`.

    Returns
    -------
    wrapped : (...) int32 array
        Values in ``[-2**bits, 2**bits)``; differs from ``x`` exactly where ``x`` overflowed.
    """
    unused = 31 - bits
    return (x << unused) >> unused


def decay(x: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Multiply integers by ``keep / 4096``, rounding towards zero.

    ``sign(x) * floor(abs(x) * keep / 4096)`` without 64-bit products: with
    ``abs(x) = 4096 * high + low`` it is ``high * keep + floor(low * keep / 4096)``, where
    ``low * keep < 2**24`` and the sum is at most ``abs(x)``.

    Parameters
    ----------
    x : (...) int32 array
        Values above ``-2**31``.
    keep : (...) int32 array
        Part that remains, in units of 1/4096: 0 to 4096.

    Returns
    -------
    decayed : (...) int32 array
    """
    sign = x >> 31
    magnitude = (x ^ sign) - sign
    decayed: np.ndarray = (magnitude >> DECAY_BITS) * keep
    magnitude &= (1 << DECAY_BITS) - 1
    magnitude *= keep
    magnitude >>= DECAY_BITS
    decayed += magnitude
    decayed ^= sign
    decayed -= sign
    return decayed


def shift(x: np.ndarray, bits: int) -> np.ndarray:
    """Shift integers left by ``bits``, or right (towards minus infinity) if negative."""
    shifted: np.ndarray = np.left_shift(x, bits) if bits >= 0 else np.right_shift(x, -bits)
    return shifted


def learn_overflow_bits(n_factors: int) -> int:
    """Count the bits by which a product of ``n_factors`` 7-bit factors and a 3-bit rate overflows.

    The learning accumulator has `LEARN_BITS` bits.
    """
    return 7 * n_factors + 3 - LEARN_BITS


def round_stochastic(
    x: np.ndarray, uniform: np.ndarray, limit: int, dtype: np.dtype, name: str
) -> np.ndarray:
    """Round to an integer: up, with a probability equal to the fraction. Clip with a warning.

    Parameters
    ----------
    x : (...) array
        Values.
    uniform : (...) array
        Random numbers in ``[0, 1)``, broadcastable to ``x``.
    limit : int
        Largest magnitude of the result.
    dtype : dtype
        Of the result.
    name : str
        Name of the values, for the warning.
    """
    sign: np.ndarray = np.sign(x).astype(dtype)
    fraction, whole = np.modf(np.abs(x))
    rounded: np.ndarray = whole.astype(dtype) + (fraction > uniform)
    too_large = rounded > limit
    if too_large.any():
        warnings.warn(f"Clipping {name}", stacklevel=2)
        rounded[too_large] = limit
    rounded *= sign
    return rounded


def scale_pes_errors(error: np.ndarray, scale: float) -> np.ndarray:
    """Turn PES errors into the integers that the chip takes, clipped to ``[-127, 127]``.

    Parameters
    ----------
    error : (..., size) array
        Errors in the units of the learned connection's output.
    scale : float
        ``Model.pes_error_scale`` of nengo-loihi.
    """
    rounded = np.round(scale * error).astype(np.int32)
    for beyond, extreme, word in (
        (rounded > LEARN_MAX, LEARN_MAX, "greater than chip max"),
        (rounded < -LEARN_MAX, -LEARN_MAX, "less than chip min"),
    ):
        if beyond.any():
            warnings.warn(
                f"Received PES error {word} ({extreme / scale:0.2e}). "
                "Consider changing `Model.pes_error_scale`.",
                stacklevel=2,
            )
            rounded[beyond] = extreme
    return rounded
