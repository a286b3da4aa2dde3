#!/usr/bin/env bash
# A rollout in a job of CI: 10 %, 50 %, then all of the traffic. Exits 0 when the new version has all of it,
# 1 when it was rolled back, 2 when nothing is proven and a person has to decide; the traffic then stays.
#
# ./set-weight PERCENT is yours: it sends so much of the traffic to the new version.
set -euo pipefail

state=canary-state.json
rm -f "$state"
for step in 10:320 50:640; do  # percent, and seconds between two analyses
  phase=${step%:*}
  ./set-weight "$phase"
  for _ in {1..24}; do
    sleep "${PAUSE:-${step#*:}}"
    code=0
    perfgate canary --baseline 'logs/stable/*.jsonl' --canary 'logs/canary/*.jsonl' --phase "$phase" --state "$state" \
      --report "canary-$phase.md" || code=$?
    case $code in
      0) continue 2 ;;
      1) ./set-weight 0; exit 1 ;;
    esac
  done
  echo "not decided at $phase %: see canary-$phase.md" >&2
  exit 2
done
./set-weight 100
