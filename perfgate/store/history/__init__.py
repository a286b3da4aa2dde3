"""The history of what was measured, as git holds it: versions of the baselines, and the ledger of sessions."""
