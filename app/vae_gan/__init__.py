"""The family vae-gan: several VAEs by domain, each with its own optimiser, in a GAN."""
