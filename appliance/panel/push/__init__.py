"""Ableton Push as the instrument's face: one surface for Push 1, 2, 3 and for the web page.

Pure: `events` (what hands do), `surface` (events in; lights, screen and actions out), `drawing`
(screen to picture), `controls`, `messages`, `lights`, `frame` (to and from the device's bytes).
Only `wire` speaks with hardware; `fake` is a Push that keeps the rules of the real one.
"""
