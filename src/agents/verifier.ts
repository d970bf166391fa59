import type { Run } from '../contract/experiment.ts'
import { type Mesh, meshSize, sameMesh } from '../contract/mesh.ts'
import type { Verdict } from '../contract/verdict.ts'
import { optimizerOffloadFlag } from '../planner/footprint/optimizer-state.ts'
import { rematPolicy } from '../planner/remat-policy.ts'
import { stringFlags } from '../planner/run-flags.ts'
import { verdictOfMesh } from '../planner/verdict-of.ts'
import { formatGibNumber } from '../text/units.ts'
import type { Situation } from './situation.ts'

export interface Proposal {
  mesh: Mesh
  dcn: Mesh
  changes: Partial<Run>
}

/** What the Verifier says of one proposal: its verdict, and in words what speaks against it. */
export interface Checked {
  verdict: Verdict
  objections: string[]
}

/** Settings that a proposal may change, by what the experiment's `tune` lets vary. */
const changeable: Record<string, keyof Run> = { remat: 'remat', microbatches: 'microbatches', batch: 'global_batch', offload: 'flags' }

/**
 * The Verifier: deterministic, and the only judge of what reaches an engineer. It looks at device counts, divisibility, the
 * physical mesh, phase rules and memory, at the compiler's word where there is one, and at whether a change was asked for.
 */
export function verify(situation: Situation, { mesh, dcn, changes }: Proposal): Checked {
  const { workload, calibration } = situation
  const allowed = new Set(workload.tune.map((name) => changeable[name]))
  const foreign = Object.keys(changes).filter((name) => !allowed.has(name as keyof Run))
  if (changes.flags && !foreign.includes('flags')) foreign.push(...otherFlags(stringFlags(changes.flags) ?? {}, workload.run.flags))
  const verdict = verdictOfMesh(workload, mesh, dcn, { changes: foreign.length > 0 ? {} : changes, calibration })
  const objections = objectionsTo(verdict)
  if (changes.remat !== undefined && rematPolicy(changes.remat).certainty === 'unknown')
    objections.push(`remat "${changes.remat}" is not a policy that we know`)
  for (const name of foreign) objections.push(`run.${name} may not change: the experiment's tune is ${workload.tune.join(', ')}`)
  if (!workload.tune.includes('mesh') && workload.mesh && meshSize(mesh) > 0 && !sameMesh(workload.mesh, verdict.mesh)) {
    objections.push(`the mesh may not change: the experiment's tune is ${workload.tune.join(', ')}`)
  }
  return { verdict, objections }
}

/** Flags that differ beside the one that `tune: offload` lets vary, as `flags.NAME`. */
function otherFlags(proposed: Record<string, string>, given: Record<string, string>): string[] {
  const names = new Set([...Object.keys(proposed), ...Object.keys(given)])
  names.delete(optimizerOffloadFlag)
  return [...names].filter((name) => proposed[name] !== given[name]).map((name) => `flags.${name}`)
}

/** What speaks against a verdict, in words with numbers; empty for a feasible one. */
export function objectionsTo(verdict: Verdict): string[] {
  const objections = verdict.violations.map((violation) => violation.message)
  const { memory, compiler } = verdict
  if (compiler?.status === 'oom')
    objections.push(
      `the TPU compiler runs out of memory: ${formatGibNumber(compiler.required_gib)} of ${formatGibNumber(compiler.available_gib)} GiB`,
    )
  else if (compiler?.status === 'error') objections.push(`the TPU compiler refuses it: ${compiler.message ?? 'no reason given'}`)
  else if (memory?.certainty === 'no' && compiler?.status !== 'fits')
    objections.push(`it does not fit: ${formatGibNumber(memory.required_gib)} of ${formatGibNumber(memory.available_gib)} GiB per device`)
  else if (verdict.legal && !memory) objections.push('it cannot be judged')
  return objections
}
