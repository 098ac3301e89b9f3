"""`python -m siamese_drc.app` is `drc-match`."""

import sys

from siamese_drc.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
