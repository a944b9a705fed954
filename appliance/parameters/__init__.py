"""The one table of everything that can be turned, switched or set."""

from appliance.parameters.parameter import Curve, Parameter
from appliance.parameters.table import Table
from appliance.parameters.values import Values

__all__ = ["Curve", "Parameter", "Table", "Values"]
