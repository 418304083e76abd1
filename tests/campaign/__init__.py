"""Seeded attacks on what the project reads, as programs: ``python -m tests.campaign.NAME --seed 0``."""
