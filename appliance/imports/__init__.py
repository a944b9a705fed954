"""Imports as jobs: a queue of files, worked off one by one in a process of low priority."""
