"""The double footswitch: contacts in, presses that act at once, and nothing that delays them."""
