"""The one place where adapters are chosen.

Each process imports its own module alone: an ingest process must not carry the weight of a web
server, nor a server that of an inference runtime.
"""
