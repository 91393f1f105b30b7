"""`python -m console`."""

import atexit
import gc

from console.cli import main

if __name__ == "__main__":
    # What is left goes with the process: the last collection would cost each of them half a second of the stop.
    atexit.register(gc.freeze)
    main()
