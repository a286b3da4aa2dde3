"""The formats of perfgate itself: run summaries, imported series, plain percentiles."""
