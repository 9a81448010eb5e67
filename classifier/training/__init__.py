"""Training and evaluation of the shipped weights. Needs the ``train`` extra and the corpora."""
