"""Draws a model as a graph: as Mermaid, Graphviz or SVG."""
