import { isDeepStrictEqual } from 'node:util'
import { compactMesh } from '../../src/contract/mesh.ts'
import { type MemoryCase, memoryCases } from '../../test/support/measured/memory-cases.ts'
import { percent } from '../../test/support/measured/statistics.ts'
import { type PublicJob, publicJobs } from './public-jobs.ts'

/**
 * Of the public jobs that ran: which are refused; of those that ran out of memory: which are called clear. As lines of Markdown.
 */
export function publicReport(): string[] {
  const jobs = publicJobs()
  const ran = jobs.filter((job) => job.ran)
  const out = jobs.filter((job) => !job.ran)
  const refused = ran.filter(({ memory, illegal }) => illegal !== null || memory?.certainty === 'no')
  const trusted = out.filter(({ memory }) => memory?.certainty === 'clear')
  const near = ran.filter(({ memory }) => memory?.certainty === 'near')
  const compiled = memoryCases()
  return [
    `${ran.length} training jobs that ran in public: ${refused.length} refused, ${near.length} near the limit. ${out.length} that ran out of memory: ${trusted.length} called clear.`,
    'They are the shipped cases as they stand, and rows of the tables of measurements that are no cases. What a source does not state has its default,',
    'so that a refusal may be of another program than ran; what it states beside the table is in `scripts/row-settings.json`.',
    '',
    ...[...refused, ...trusted].map((job) => `${describe(job)}${compilerOn(job, compiled)}`),
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

/**
 * What MaxText's own compilation of the same job said, where there is one: a job may have run with software that was another
 * then.
 */
function compilerOn({ workload: job, mesh }: PublicJob, compiled: readonly MemoryCase[]): string {
  const same = compiled.find(
    ({ workload, mesh: on }) =>
      workload.model.name === job.model.name &&
      isDeepStrictEqual([workload.slice.chip, workload.slice.dims], [job.slice.chip, job.slice.dims]) &&
      isDeepStrictEqual(workload.run, job.run) &&
      isDeepStrictEqual(compactMesh(on), compactMesh(mesh)),
  )
  return same
    ? `; MaxText 0.2.5 compiles it to ${same.requiredGib.toFixed(1)} GiB: ${same.status === 'fits' ? 'fits' : 'out of memory'}`
    : ''
}
