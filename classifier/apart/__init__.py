"""A backend in processes of its own: the interpreter then lets analysis and server run at once.

server's process: ApartBackend -> Hearer (one for each process) -> pipe
process of its own: child -> any Backend
"""
