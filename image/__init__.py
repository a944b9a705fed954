"""The bootable image: how a card for the box is made from Debian's packages and this project."""
