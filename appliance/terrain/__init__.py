"""The plane of the terrain module: sounds placed on it, its files, its small network."""
