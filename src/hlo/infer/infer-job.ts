import { collectivesOf } from '../collectives.ts'
import type { HloModule } from '../types.ts'
import { stackSizes } from './count-layers.ts'
import { expertsPerToken } from './experts-per-token.ts'
import { inferMesh } from './infer-mesh.ts'
import { inferModel } from './infer-model.ts'
import { inferRemat } from './infer-remat.ts'
import { inferRun } from './infer-run.ts'
import { batchWays, type InferredJob, likely, sure } from './inferred.ts'
import { namedMesh } from './named-mesh.ts'
import { openValues } from './open-values.ts'
import { devicesOf, programInputs } from './program-inputs.ts'
import { pipelineMicrobatches } from './step-loops.ts'
import { weightsByRole } from './weight-roles.ts'

/**
 * The job that a compiled module runs: what its inputs are called, how long and how split they are, and how often its loops run.
 * Pure. A program whose inputs have no names that are known gives nulls, and never a guess that is called sure.
 */
export function inferJob(module: HloModule): InferredJob {
  const inputs = programInputs(module)
  const weights = weightsByRole(inputs)
  const model = inferModel(weights)
  const devices = devicesOf(module)
  const stacks = model.embed === null ? new Set<number>() : stackSizes(weights, model.embed.value)
  const { batchSplit, sequenceSplit, ...run } = inferRun(module, inputs, { layers: model.layers?.value ?? null, stacks })
  const mesh =
    namedMesh(module) ??
    (model.embed === null || devices === null
      ? null
      : inferMesh(weights, inputs, { embed: model.embed.value, devices, sequenceSplit, batchSplit }))
  const perToken = model.experts === null ? null : expertsPerToken(module, model.experts.value)
  const remat =
    run.phase?.value === 'train' ? inferRemat(module, { stacks, mesh, embed: model.embed, mlp: model.mlp, seqLen: run.seqLen }) : null
  const job: InferredJob = {
    ...model,
    ...run,
    remat: remat?.found ?? null,
    globalBatch: loadedBatch(run.globalBatch, mesh, devices),
    mesh,
    devices: devices === null ? null : sure(devices, 'the shardings lay out so many'),
    expertsPerToken: perToken,
    pipelineMicrobatches: inPipeline(module, { stacks, mesh, batch: run.globalBatch }),
    crossesSlices: collectivesOf(module, null).some(({ axes }) => axes?.includes('dcn') === true),
    open: [],
  }
  job.open = openValues(job, module, remat)
  return job
}

function inPipeline(
  module: HloModule,
  { stacks, mesh, batch }: { stacks: ReadonlySet<number>; mesh: InferredJob['mesh']; batch: InferredJob['globalBatch'] },
): InferredJob['pipelineMicrobatches'] {
  const stages = mesh?.stage.value ?? 1
  if (stages === 1 || batch === null) return null
  const count = pipelineMicrobatches(module, { stacks, stages, batch: batch.value })
  return count === null ? null : likely(count, 'how often the loop over the stages runs')
}

/**
 * MaxText loads at least one sequence for every device and trains on the first of them, where the batch is smaller: a batch of as
 * many sequences as there are devices, on a mesh that splits it over fewer, may be such a one.
 */
function loadedBatch(batch: InferredJob['globalBatch'], mesh: InferredJob['mesh'], devices: number | null): InferredJob['globalBatch'] {
  if (batch === null || mesh === null || batch.value !== devices) return batch
  const shards = batchWays(mesh)
  return shards < devices ? likely(batch.value, `${batch.how}: one sequence is loaded for each device, and fewer may be trained on`) : batch
}
