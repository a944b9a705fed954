"""Neural decoders: model files read, rebuilt as streaming graphs and run frame by frame."""
