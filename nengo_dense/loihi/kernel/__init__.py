"""What steps the numbers: in NumPy, or compiled with numba; one gives what the other does."""
