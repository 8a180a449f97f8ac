"""A fictional app, its servers and its phone, on loopback, behaving as `declaration.yaml` says.

Nothing here stands for a real app. It exists so that the whole program can be run, and checked
against a truth that is written down: what the app is declared to send is what has to be found.
"""
