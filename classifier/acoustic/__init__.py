"""The classifier that listens to the audio itself.

PCM -> blocks -> frames (10 ms) -> window functionals -> baseline -> network -> VoiceFrame
"""
