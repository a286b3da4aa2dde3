"""Which of many commits made a value worse: probabilities, and the search that asks for the next comparison."""
