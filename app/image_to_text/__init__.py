"""The family image-to-text: an image encoder, a bridge and a text decoder."""
