"""Keras models, live and as files; also those of QKeras, HGQ and HGQ2."""
