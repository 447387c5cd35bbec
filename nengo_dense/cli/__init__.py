"""The command line ``nengo-dense``: one small module per subcommand."""

from nengo_dense.cli.main import main

__all__ = ["main"]
