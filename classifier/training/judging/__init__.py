"""How weights are judged: on speakers and corpora that they never met."""
