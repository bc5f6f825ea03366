"""What the suite tries on a Flyte 1 cluster."""

from cases import commands, data, fates, maps, surroundings, values, workflows  # noqa: F401
