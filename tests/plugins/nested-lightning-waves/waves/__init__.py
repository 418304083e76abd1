"""A plug-in: a feature extractor that makes waves of its inputs, and a family that fits a curve."""
