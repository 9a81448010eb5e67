"""Recordings: a file in any of the known kinds, heard whole and as fast as the classifier can.

    file -> child process (decode, mix or split, resample) -> Analysis -> Session -> log

The same session, log and events as live audio; only the way in differs.
"""
