import time

from perfgate.measure import measure_run_context

for _ in range(3):
    with measure_run_context(benchmark="inside", rows_used=10):
        time.sleep(0.02)
