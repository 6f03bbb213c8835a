"""Credit: what a dealer has committed against its limit."""
