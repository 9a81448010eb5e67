"""The command line: ``linnet serve``, ``linnet stream FILE``, ``linnet demo``."""
