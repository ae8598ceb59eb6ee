#!/bin/bash
# Trains FigGen on all GPUs of one machine: docs/launch/figgen-node.sh DATA OUT [CONFIG]
set -euo pipefail

data=${1:?usage: figgen-node.sh DATA OUT [CONFIG]}
out=${2:?usage: figgen-node.sh DATA OUT [CONFIG]}
config=${3:-figgen-bert8}
gpus=$(nvidia-smi --list-gpus | wc -l)

for stage in autoencoder diffusion; do
  resume=()
  if [ -d "$out/checkpoints/$stage" ]; then
    resume=(--resume)
  fi
  torchrun --standalone --nproc_per_node "$gpus" -m figbench model train figgen --stage "$stage" \
    --config "$config" --data "$data" --out "$out" "${resume[@]}"
done
