"""The programs that Linnet is measured against: plain, short, and made as their makers show.

Each answers the few routes the benchmark calls (``/health``, ``POST /session/start``,
``GET /session/{id}/stream``, ``WS /session/{id}/audio``). None stores, replays or classifies.
"""
