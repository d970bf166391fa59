import { z } from 'zod'
import { chipOfWord } from '../../../contract/chip.ts'
import type { SliceAnswer } from '../../run-folder/run-draft.ts'

const text = z.string().max(20_000)
const podSchema = z.looseObject({
  nodeSelector: z.record(z.string(), text).nullish(),
  containers: z.array(z.looseObject({ command: z.array(text).nullish(), args: z.array(text).nullish() })).nullish(),
})
const jobSchema = z.looseObject({
  replicas: z.number().int().nullish(),
  template: z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSchema }) }) }),
})

/** The part of a JobSet (jobset.x-k8s.io/v1alpha2) that says where it runs and under which name; all else is passed over. */
export const jobSetSchema = z.looseObject({
  kind: z.literal('JobSet').optional(),
  metadata: z.looseObject({
    name: z.string().max(300),
    namespace: z.string().max(300).nullish(),
    creationTimestamp: z.string().max(100).nullish(),
    labels: z.record(z.string(), text).nullish(),
  }),
  spec: z.looseObject({ replicatedJobs: z.array(jobSchema) }),
})
export type JobSet = z.infer<typeof jobSetSchema>

/** The slice that a JobSet asks for: exactly, with its shape and how many; null where it asks for no TPU. */
export function sliceOfJobSet({ metadata, spec }: JobSet): SliceAnswer | null {
  for (const job of spec.replicatedJobs) {
    const selector = job.template.spec.template.spec.nodeSelector ?? {}
    const chip = chipOfWord(selector['cloud.google.com/gke-tpu-accelerator'] ?? '')
    const topology = selector['cloud.google.com/gke-tpu-topology']
    if (chip !== null && topology !== undefined && /^\d+(x\d+)+$/.test(topology))
      return { slice: `${chip}:${topology}`, slices: Math.max(1, job.replicas ?? 1), from: `the JobSet ${metadata.name}` }
  }
  return null
}

/**
 * The names that a JobSet's run goes by: its own, xpk's workload, and the `run_name=` of its command. The command is data: it is
 * never run.
 */
export function runNamesOf({ metadata, spec }: JobSet): string[] {
  const words = spec.replicatedJobs
    .flatMap((job) => job.template.spec.template.spec.containers ?? [])
    .flatMap(({ command, args }) => [...(command ?? []), ...(args ?? [])])
    .flatMap((part) => part.split(/\s+/))
  const named = words.flatMap((word) => /^(?:--)?run_name=["']?([A-Za-z0-9._-]+)["']?$/.exec(word)?.[1] ?? [])
  return [
    ...new Set([
      metadata.name,
      ...(metadata.labels?.['xpk.google.com/workload'] ? [metadata.labels['xpk.google.com/workload']] : []),
      ...named,
    ]),
  ]
}
