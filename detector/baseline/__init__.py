"""Counts to what is expected: calendar features, the regression, the level of the last hours, the model store."""
