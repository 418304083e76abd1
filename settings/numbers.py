"""Whole numbers of settings, with bounds beyond which nothing works.

torch counts with 64 bits, and fails in C++ long before; a message that names the setting is better.
"""

from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(gt=0, le=2**31 - 1)]
"""Steps, epochs, rows."""

Natural = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""The same, or 0."""

Width = Annotated[int, Field(gt=0, le=2**27)]
"""Features or channels; a layer from 100 features to the largest one takes 54 GB."""

Depth = Annotated[int, Field(gt=0, le=1000)]
"""Layers, blocks, heads, beams."""

Pixels = Annotated[int, Field(gt=0, le=2**14)]
"""Of one side of a picture."""

Threads = Annotated[int, Field(gt=0, le=1024)]
"""More of them than a process may start end it with a segmentation fault."""

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""What every generator of random numbers takes."""
