"""The benchmark: what a chunk, a delivered event, a session and a subscriber cost the server.

Every figure is taken from outside the server's process, beside peers started in the same run.
"""
