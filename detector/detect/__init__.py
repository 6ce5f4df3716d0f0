"""Expected counts to verdicts: the tests that score a window, and the rule that joins them."""
