"""What is heard beside voices: the surroundings, and the tones and silences of a telephone line.

Measured, not learnt. Knows nothing of emotions, sessions or the server.
"""
