"""Where Lava's numbers are coarser than Loihi 1's, and a stack put on them.

Lava's neurons (lava-nc 0.10.0, ``lava/proc/lif/models.py``) as netx makes them (lava-dl 0.6.0)
have biases in units of 64 and a voltage floor at 23 bits.
"""

#: Weights, biases and thresholds are multiples of this.
UNIT = 64
#: Largest magnitude of a weight, where both signs occur, and of a bias's mantissa.
WEIGHT_MAX = 254
BIAS_MAN_MAX = 4095
#: Lowest voltage.
FLOOR = -(2**23) + 1
