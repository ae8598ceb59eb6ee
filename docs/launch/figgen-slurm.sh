#!/bin/bash
# Trains FigGen on the nodes of a Slurm job: sbatch docs/launch/figgen-slurm.sh DATA OUT [CONFIG]
#SBATCH --job-name=figgen
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=24:00:00
#SBATCH --signal=B:USR1@300
#SBATCH --requeue
set -euo pipefail

data=${1:?usage: sbatch figgen-slurm.sh DATA OUT [CONFIG]}
out=${2:?usage: sbatch figgen-slurm.sh DATA OUT [CONFIG]}
config=${3:-figgen-bert8}
gpus=${SLURM_GPUS_ON_NODE:-4}
host=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# Two jobs on a node must not meet on a port.
port=$((20000 + SLURM_JOB_ID % 20000))

# Five minutes before the limit every process saves its state (exit code 130), and the job queues again.
requeue() {
  srun --overlap --ntasks-per-node=1 pkill -USR1 -u "$USER" -f "figbench model train figgen" || true
  wait || true
  scontrol requeue "$SLURM_JOB_ID"
  exit 0
}
trap requeue USR1

for stage in autoencoder diffusion; do
  resume=()
  if [ -d "$out/checkpoints/$stage" ]; then
    resume=(--resume)
  fi
  # The rank of a node is known on the node only, hence the inner shell.
  # shellcheck disable=SC2016
  srun --kill-on-bad-exit=1 bash -c '
    exec torchrun --nnodes "$SLURM_NNODES" --nproc_per_node "$1" --node_rank "$SLURM_NODEID" \
      --master_addr "$2" --master_port "$3" -m figbench model train figgen "${@:4}"
  ' launch "$gpus" "$host" "$port" --stage "$stage" --config "$config" --data "$data" \
    --out "$out" "${resume[@]}" &
  wait $!
done
