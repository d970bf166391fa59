import { percent } from '../planner-fit/statistics.ts'
import { type PublicJob, publicJobs } from './public-jobs.ts'

/** Of the public jobs that ran: which are refused; of those that ran out of memory: which are called clear. As lines of Markdown. */
export function publicReport(): string[] {
  const jobs = publicJobs()
  const ran = jobs.filter((job) => job.ran)
  const out = jobs.filter((job) => !job.ran)
  const refused = ran.filter(({ memory, illegal }) => illegal !== null || memory?.certainty === 'no')
  const trusted = out.filter(({ memory }) => memory?.certainty === 'clear')
  const near = ran.filter(({ memory }) => memory?.certainty === 'near')
  return [
    `${ran.length} training jobs that ran in public: ${refused.length} refused, ${near.length} near the limit. ${out.length} that ran out of memory: ${trusted.length} called clear.`,
    'They are the shipped cases as they stand, and rows of the tables of measurements that are no cases. What a source does not state has its default,',
    'so that a refusal may be of another program than ran; what it states beside the table is in `scripts/row-settings.json`.',
    '',
    ...[...refused, ...trusted].map(describe),
  ]
}

function describe({ id, ran, workload, memory, illegal }: PublicJob): string {
  const { model, slice, run } = workload
  const where = `${model.name} on ${slice.chip} ${slice.dims.join('x')}, ${run.global_batch} × ${run.seq_len}, ${run.remat}`
  const said = memory
    ? `${memory.required_gib.toFixed(1)} of ${memory.available_gib} GiB, ${percent(memory.probability, 1)} likely`
    : `called illegal: ${illegal}`
  return `- ${id}: ${where}: ${ran ? 'ran' : 'ran out'}; ${said}`
}
