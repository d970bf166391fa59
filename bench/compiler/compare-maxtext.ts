/**
 * Prints the reference program's memory beside MaxText's own, for each recorded MaxText program that the campaign has
 * compiled too. `bin/node bench/compiler/compare-maxtext.ts`; MaxText's verdicts are read in ../shared/data/maxtext.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, root)), 'utf8')

const maxtextSchema = z.array(
  z.object({
    id: z.string(),
    compile_topology: z.string(),
    model_name: z.string(),
    max_target_length: z.number(),
    global_batch_size_to_train_on: z.number(),
    remat_policy: z.string(),
    ici_data_parallelism: z.number(),
    ici_fsdp_parallelism: z.number(),
    ici_context_parallelism: z.number(),
    ici_tensor_parallelism: z.number(),
    ici_expert_parallelism: z.number(),
    verdict: z.string(),
    required_gib: z.number(),
  }),
)
const caseSchema = z.object({
  id: z.string(),
  model: z.string(),
  workload: z.string(),
  request: z.object({ run: z.looseObject({}), mesh: z.record(z.string(), z.number()) }),
  response: z.object({ status: z.string(), required_gib: z.number().nullish() }),
})

const ours = read('bench/recorded/reference-program.jsonl')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => caseSchema.parse(JSON.parse(line)))

const errors: number[] = []
process.stdout.write('| MaxText | mesh | MaxText GiB | reference GiB | difference | verdicts |\n|---|---|---|---|---|---|\n')
for (const program of maxtextSchema.parse(JSON.parse(read('../shared/data/maxtext/aot_verdicts.json')))) {
  const wanted = {
    replica: program.ici_data_parallelism,
    data: program.ici_fsdp_parallelism,
    seq: program.ici_context_parallelism,
    model: program.ici_tensor_parallelism,
    expert: program.ici_expert_parallelism,
  }
  const same = ours.find(
    ({ workload, model, request: { run, mesh } }) =>
      model === program.model_name &&
      workload.includes(program.compile_topology) &&
      run['global_batch'] === program.global_batch_size_to_train_on &&
      run['seq_len'] === program.max_target_length &&
      run['remat'] === program.remat_policy &&
      Object.entries(wanted).every(([axis, size]) => (mesh[axis] ?? 1) === size),
  )
  const required = same?.response.required_gib ?? null
  if (same === undefined || required === null) continue
  const difference = required / program.required_gib - 1
  errors.push(Math.abs(difference))
  const mesh = Object.entries(wanted).filter(([, size]) => size > 1)
  process.stdout.write(
    `| ${program.id} ${program.model_name} ${program.compile_topology} b${program.global_batch_size_to_train_on} s${program.max_target_length} ${program.remat_policy} ` +
      `| ${mesh.map(([axis, size]) => `${axis}=${size}`).join(' ')} | ${program.required_gib.toFixed(2)} | ${required.toFixed(2)} ` +
      `| ${(100 * difference).toFixed(1)}% | ${program.verdict}, ${same.response.status} |\n`,
  )
}
const sorted = errors.toSorted((a, b) => a - b)
process.stdout.write(
  `\n${sorted.length} programs; absolute difference: median ${(100 * (sorted[sorted.length >> 1] ?? 0)).toFixed(1)}%, largest ${(100 * (sorted.at(-1) ?? 0)).toFixed(1)}%\n`,
)
