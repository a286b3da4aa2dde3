"""Series of values in the order of time: where a level changed, and whether it crept away from an earlier one."""
