"""Pictures of latents and sound, drawn with Pillow."""
