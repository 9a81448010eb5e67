"""How many threads numpy's linear algebra gets: one. To be imported before numpy.

Its library would otherwise share each of our small products among all cores, and its threads spin
while they wait for the next one: the classifier then takes three times the processor time (on two
cores), and the cores from everybody else. It asks for the number once, when it is loaded: whoever
embeds the classifier in a program that has loaded numpy before sets these variables itself.
"""

from __future__ import annotations

import os
from typing import Final

VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What the libraries that numpy comes with look at. Whoever has set them, wins."""

for _name in VARIABLES:
    os.environ.setdefault(_name, "1")
