"""Between the surface and a Push: bytes to events, a face to bytes, and the wires themselves.

`reading`, `sysex`, `lights`, `strip`, `lettering`, `frame` are pure; `wire` alone speaks with
hardware; `fake` is a Push that keeps the rules of the real ones; `part` plays on either.
"""
