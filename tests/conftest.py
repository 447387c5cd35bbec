"""What every test needs: a nengo-loihi that builds under the NumPy that is installed."""

from nengo_dense import compat

compat.nengo_loihi()  # tests also call nengo_loihi.Simulator directly, without a layer
