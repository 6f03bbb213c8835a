"""The clock, the business calendar and public holidays."""
