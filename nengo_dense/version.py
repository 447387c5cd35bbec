"""The version of nengo_dense, and the supported versions of other packages, as data."""

version = "0.1.0.dev0"

#: Package -> (lowest version that works, first version that does not, or None).
#: Measured: the test suite was run on both ends of every range that has two.
supported = {
    "nengo": ((4, 0), (5,)),
    "nengo_loihi": ((1, 1), (1, 2)),
    "nengo_dl": ((3, 6), (3, 7)),
    "tensorflow": ((2, 10), (2, 13)),
    "tf_keras": ((2, 16), (2, 22)),
}

#: Modules of nengo-loihi 1.1 that `compat.mend` makes run under NumPy 2.
mended = ("nengo_loihi.block", "nengo_loihi.neurons", "nengo_loihi.builder.discretize")
