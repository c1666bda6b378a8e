#!/bin/bash
# Made by `gateless matrix --emit slurm`. `gateless` has to be on PATH, the cache on a file system that the nodes share, and what the
# builds need installed (`gateless doctor --arch A`). Afterwards: gateless matrix --collect results
#SBATCH --job-name=gateless
#SBATCH --array=0-1
#SBATCH --cpus-per-task=2
#SBATCH --time=04:00:00
set -eu
case "$SLURM_ARRAY_TASK_ID" in
  0) set -- --arch um --release 7.3 --preset um-small --rustc '/opt/my rust/rustc' --yes --store results/um-small-7.3-opt-my-rust-rustc ;;
  1) set -- --arch arm64 --release 7.3 --preset arm64-small --yes --store results/arm64-small-7.3 ;;
  *) echo "no cell has the number $SLURM_ARRAY_TASK_ID" >&2; exit 2 ;;
esac
srun gateless matrix "$@"
