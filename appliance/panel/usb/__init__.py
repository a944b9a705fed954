"""What a USB stick brings: looked at, checked, copied, and only then taken over, whole."""
