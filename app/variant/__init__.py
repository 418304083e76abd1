"""The family variant: a decoder for each input type, chosen by name."""
