"""Sessions: each from its start to the last that is kept of it.

manager   all of them: starts, finds and ends them, and owns every task they run
room      how many there may be
loading   the classifier being made ready, once for all
maker     what one is made of
reaper    ends those that nobody uses
session   a running one and its tasks: inbox -> classifier -> annotate -> log
feed      the hold that one socket has on one source of it
inbox     the audio of one source that waits
lag       how far the classifier is behind it, and what is said of that
voices    what sessions leave to later ones of the voices they heard
remembering  that of one session, kept while it runs
annotate  what is heard becomes events
archive   those in the store, as one owner may see and keep them
keeper    what ended ones still owe to the store, and what is too old

Others ask the manager; what they are handed is a session, a feed or the archive. Knows nothing of
HTTP, files of audio or formats of export.
"""
