"""Training with NengoDL; the only folder, with `layers.nengo_dl_builder`, that imports it."""
