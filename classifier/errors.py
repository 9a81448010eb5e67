"""What can go wrong in the classifier.

::

    ClassifierError
    ├── ModelError       weights or card missing, damaged, or of another feature layout
    ├── BackendError     a backend failed while it was running
    └── ConfigError      an environment setting makes no sense (names the setting)
"""


class ClassifierError(Exception):
    """Any failure of the classifier."""


class ModelError(ClassifierError):
    """Weights or their card are missing, damaged, or were made for other features."""


class BackendError(ClassifierError):
    """A backend failed while running; the session cannot be classified any further."""


class ConfigError(ClassifierError):
    """An environment setting makes no sense; the message names it."""
