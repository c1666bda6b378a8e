//! Slurm: a batch script with a job array (sbatch(1)).

use super::Job;

pub(super) fn emit(jobs: &[Job]) -> String {
    let last = jobs.len().saturating_sub(1);
    let cases: String = jobs
        .iter()
        .enumerate()
        .map(|(number, job)| {
            format!(
                "  {number}) set -- {} --store results/{} ;;\n",
                job.arguments, job.name
            )
        })
        .collect();
    format!(
        "#!/bin/bash\n\
         # Made by `gateless matrix --emit slurm`. `gateless` has to be on PATH, the cache on a file system that the nodes share, and what the\n\
         # builds need installed (`gateless doctor --arch A`). Afterwards: gateless matrix --collect results\n\
         #SBATCH --job-name=gateless\n\
         #SBATCH --array=0-{last}\n\
         #SBATCH --cpus-per-task=2\n\
         #SBATCH --time=04:00:00\n\
         set -eu\n\
         case \"$SLURM_ARRAY_TASK_ID\" in\n{cases}\
         \x20 *) echo \"no cell has the number $SLURM_ARRAY_TASK_ID\" >&2; exit 2 ;;\n\
         esac\n\
         srun gateless matrix \"$@\"\n"
    )
}
