"""Errors a person can act on: one sentence with the value, the rule and the remedy."""


class ApplianceError(Exception):
    """Root of every error this package raises on purpose."""

    exit_code = 1


class ParameterError(ApplianceError, ValueError):
    """A parameter address or value is not in the table or breaks its range."""

    exit_code = 2


class ConfigError(ApplianceError, ValueError):
    """The configuration file cannot be used as written."""

    exit_code = 2


class PresetError(ApplianceError, ValueError):
    """A preset file cannot be used as written."""

    exit_code = 2


class LatentError(ApplianceError, ValueError):
    """Latents, or a file of them, cannot be used as they are."""

    exit_code = 2


class ModelError(ApplianceError):
    """A model file or an imported model cannot be used."""

    exit_code = 3


class AudioError(ApplianceError, OSError):
    """The sound card, or the file standing in for it, cannot be opened or written."""

    exit_code = 4


class IntakeError(ApplianceError, ValueError):
    """A file from outside is not taken in."""

    exit_code = 2


class UpdateError(ApplianceError):
    """An update is refused, or cannot be written."""

    exit_code = 7


class DeviceError(ApplianceError, OSError):
    """A display, switch or stick cannot be opened, or is gone."""

    exit_code = 6


class EngineUnreachableError(ApplianceError, ConnectionError):
    """No engine answers on the OSC port."""

    exit_code = 5
