"""The steps from an empty folder to a card's image, in the order of `steps.command.STEPS`."""
