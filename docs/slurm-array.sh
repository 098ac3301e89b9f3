#!/bin/bash
# One experiment per node, by a SLURM job array; docs/scaling.md says what to run before and after.
#
#   sbatch --array=0-22 docs/slurm-array.sh
#
# Number N of the array is the N-th experiment of params.yaml, from 0.
#SBATCH --job-name=experiment
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=16G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --output=%x-%A_%a.log

set -euo pipefail

project=$SLURM_SUBMIT_DIR
source "$project/.venv/bin/activate"
cd "$project"
number=$SLURM_ARRAY_TASK_ID
experiment=$(python -c "from stages.project.params import load_params
print([*load_params().experiments][$number])")

# DVC locks its repository, so every job has a clone of its own on the node's disk. The clones share
# the project's cache, which holds what other jobs have made, and the state of trainings, so that a
# job that is queued again continues.
export DRC_JOBS=$SLURM_CPUS_PER_TASK
export DRC_STATE=$project/.dvc/tmp/train
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet "$project" "$clone"
cd "$clone"
dvc cache dir --local "$project/.dvc/cache"

dvc repro "embed@$experiment"
