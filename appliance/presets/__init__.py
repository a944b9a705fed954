"""Presets: the settings of a sound, kept in small files a person can read and edit."""
