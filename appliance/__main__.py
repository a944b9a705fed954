"""`python -m appliance` is `neural-synth`."""

from appliance.cli import main

main()
