"""What commands print: results on standard output, everything else on standard error."""

import sys

from rich.console import Console

PIPED_WIDTH = 200
"""Columns of text that goes to a file or another program: no table need be squeezed there."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True, highlight=False)
