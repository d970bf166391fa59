import { type Experiment, isEngine } from '../contract/experiment.ts'
import { compactMesh, type Mesh } from '../contract/mesh.ts'
import { samePlaced } from '../contract/placed.ts'
import type { Memory, Verdict, Warning } from '../contract/verdict.ts'
import { batchWays, fromTuple, type MeshTuple, toTuple, tupleProduct } from '../interconnect/mesh-tuple.ts'
import { type Baseline, baselineOf } from './baseline.ts'
import type { Calibration } from './calibrate.ts'
import { calibrateWorkload } from './calibrate-workload.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { estimateOf, memoryOf } from './estimate.ts'
import type { Figures } from './figures.ts'
import { exceedsHost } from './footprint/host-memory.ts'
import { gib } from './footprint/memory-parts.ts'
import { createMeshRules, type MeshRules } from './legality.ts'
import { forMesh } from './outcomes.ts'
import { noGain } from './pair-errors.ts'
import { tokensOfCache } from './serving/request-mix.ts'
import { type Choice, choiceOf, choiceWarnings } from './tune.ts'
import type { Workload } from './workload.ts'

/** A candidate, and what its verdict is made with. */
export interface VerdictInput {
  choice: Choice
  rules: MeshRules
  ici: MeshTuple
  dcn: MeshTuple
  calibration: Calibration
  baseline: Baseline | null
}

/** The contract's verdict of one candidate. Figures are left out where the mesh does not fill the job's devices. */
export function verdictOf({ choice, rules, ici, dcn, calibration, baseline }: VerdictInput): Verdict {
  const { workload, constants } = choice
  const legality = rules.legality(ici, dcn, workload.run)
  const fills = tupleProduct(ici) === workload.slice.devices && tupleProduct(dcn) === workload.slices && legality.physical !== 'impossible'
  const figures = fills ? choice.figures(ici, dcn, legality.placement) : null
  const memory = figures && memoryOf(workload, figures, ici[1] * dcn[1])
  const estimate =
    figures &&
    estimateOf({
      workload,
      figures,
      calibration: forMesh(calibration, ici, dcn),
      constants,
      baseline: legality.legal ? baseline : null,
      replicas: batchWays(ici, dcn),
    })
  const verdict: Verdict = {
    mesh: fromTuple(ici),
    dcn: fromTuple(dcn),
    changes: choice.changes,
    legal: legality.legal,
    violations: legality.violations,
    warnings: [
      ...legality.warnings,
      ...choiceWarnings(choice),
      ...memoryWarnings(memory),
      ...cacheWarnings(workload, figures, batchWays(ici, dcn)),
      ...hostWarnings(workload, figures),
    ],
    physical: legality.physical,
    memory,
    estimate,
    compiler: null,
  }
  if (estimate?.gain && isBaseline(workload, verdict)) estimate.gain = noGain
  return verdict
}

/** Whether a verdict is of the mesh and the settings that the experiment names. */
export function isBaseline(workload: Workload, { mesh, dcn, changes }: Pick<Verdict, 'mesh' | 'dcn' | 'changes'>): boolean {
  return (
    workload.mesh !== null && samePlaced({ mesh: workload.mesh, dcn: workload.dcn }, { mesh, dcn }) && Object.keys(changes).length === 0
  )
}

/**
 * The verdict on one mesh, as `prompts check` shows it. `changes` are settings of the run that differ from the experiment's.
 * Without a calibration the experiment's own measured step anchors it, where there is one.
 */
export function verdictOfMesh(
  workload: Workload,
  mesh: Mesh,
  dcn: Mesh = workload.dcn,
  options: { changes?: Partial<Experiment['run']>; calibration?: Calibration; constants?: CostModel; baseline?: Baseline | null } = {},
): Verdict {
  const { changes = {}, constants = costModel, calibration = calibrateWorkload({ workload, constants }) } = options
  const { baseline = baselineOf(workload, { calibration, constants }) } = options
  const choice = choiceOf(workload, changes, constants)
  const [ici, across] = [toTuple(compactMesh(mesh)), toTuple(compactMesh(dcn))]
  return verdictOf({ choice, rules: createMeshRules(workload), ici, dcn: across, calibration, baseline })
}

function memoryWarnings(memory: Memory | null): Warning[] {
  if (memory?.certainty !== 'near') return []
  const needs = `${memory.required_gib.toFixed(1)} of ${memory.available_gib.toFixed(1)} GiB`
  const likely = `${(memory.probability * 100).toFixed(0)}%`
  return [
    { rule: 'memory_margin', message: `near the limit: ${needs}, ${likely} likely to fit by the model's errors; the compiler can tell` },
  ]
}

/** An engine does not run out of memory by its requests: it runs as many as its cache holds. */
function cacheWarnings(workload: Workload, figures: Figures | null, replicas: number): Warning[] {
  const { framework, phase, run } = workload
  if (figures === null || figures.margin >= 0 || phase !== 'decode' || !isEngine(framework)) return []
  const held = Math.floor(tokensOfCache(workload, figures.memory, replicas) / run.seq_len) * replicas
  if (held < 1 || held >= run.global_batch) return []
  const mixed = run.input_len !== null && run.output_len !== null
  const counted = mixed ? 'ttft and tpot count that, the step is one of all of them' : 'a step of all of them is predicted here'
  const message = `the cache holds ${held} of ${run.global_batch} requests at once: ${framework} would run those and let the others wait; ${counted}`
  return [{ rule: 'cache_full', message }]
}

function hostWarnings({ chip }: Workload, figures: Figures | null): Warning[] {
  if (figures === null || !exceedsHost(figures.host, chip)) return []
  const needs = ((figures.host * chip.devices_per_chip) / gib).toFixed(0)
  const message = `does not fit: ${needs} GiB per chip would be offloaded, and a host has ${chip.host_memory_gib_per_chip} GiB per chip`
  return [{ rule: 'host_memory', message }]
}
