"""``python -m classifier acoustic``: the process that hears for a server (``classifier/apart``)."""

import os
import sys

from classifier.apart.child import run
from classifier.context import member

if len(sys.argv) != 2 or sys.stdin.isatty():
    sys.exit("Started by the server. To hear a recording: linnet analyze FILE (see linnet --help).")
run(lambda: member(sys.argv[1], os.environ))
