"""`perfgate history`: what git holds of earlier measurements, and adding a session to the ledger."""
