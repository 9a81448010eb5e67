"""How weights are made: from windows to networks and their card."""
