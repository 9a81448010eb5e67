"""A session as a file: one pure function per format, from pages of events to pieces of bytes."""
