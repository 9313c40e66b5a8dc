"""``python -m infra.local up|down|token``: what the Makefile's targets call.

Everything else is read from the environment, where make puts the variables of its command line.
"""

import sys

from infra.local.entry import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
