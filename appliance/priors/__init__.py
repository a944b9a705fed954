"""Latent priors: small networks that make up new latents for the models of a family."""

from appliance.priors.exported import ExportedPrior
from appliance.priors.library import open_prior, prior_names
from appliance.priors.prior import Cancelled, Prior

__all__ = ["Cancelled", "ExportedPrior", "Prior", "open_prior", "prior_names"]
