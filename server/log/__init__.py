"""The log: one ordered, numbered sequence of events per session, and its readers.

base    the records and the protocol of a store
schema  the tables of the embedded store
writer  the one writer thread, with group commit
sqlite  the embedded store: writer and readers together
ring    the last events of a live session, ready to send
channel one live session: number, store, then fan out to subscribers
"""
