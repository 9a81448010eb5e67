"""The report: one HTML page that stands alone, for people to read, print and keep.

``survey`` counts a session in constant memory, ``picture`` draws what was counted, ``sections``
puts it into words and tables, ``page`` puts the page together.
"""
