"""What the jam slots play: latents made, read, recorded, edited and saved, beside the sound."""
