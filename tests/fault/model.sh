#!/bin/bash
# The model check in its short form: a few seeds of orders, kills and faults, after which nothing may be lost, doubled, reordered or
# made up. scripts/soak runs as many as one likes. $MODEL_SEEDS: how many (5).
set -u
model=$(dirname "$1")/../tests/fault_model
exec nice "$model" "$1" --seeds 1 "${MODEL_SEEDS:-5}"
