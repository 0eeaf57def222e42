#!/usr/bin/env bash
# Parts of the features as a Slurm array: sbatch deploy/slurm.sh pictures.csv TEACHER /shared/cache
# Checked by test/deploy.test.ts with SLURM_ARRAY_* set by hand; not run on a cluster. Then run the same command once without --shard.
#SBATCH --job-name=distilingual-features
#SBATCH --array=0-63
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail
if [[ $# -ne 3 ]]; then
  echo 'usage: sbatch deploy/slurm.sh CORPUS TEACHER CACHE_DIR' >&2
  exit 2
fi
# An array that begins elsewhere than at 0 (--array=1-64) has the same parts.
part=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))
exec ${DISTILINGUAL:-npx distilingual} features --corpus "$1" --teacher "$2" --cache-dir "$3" \
  --threads "${SLURM_CPUS_PER_TASK:-2}" --shard "$part/$SLURM_ARRAY_TASK_COUNT"
