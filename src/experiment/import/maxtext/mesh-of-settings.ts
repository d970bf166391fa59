import { axes, formatMesh, type Mesh } from '../../../contract/mesh.ts'
import { PromptsError } from '../../../errors.ts'

/** Which of MaxText's mesh axes each of ours stands for; several multiply. */
const axisParts: Record<string, keyof Mesh> = {
  data: 'replica',
  pipeline: 'stage',
  fsdp: 'data',
  fsdp_transpose: 'data',
  context: 'seq',
  sequence: 'seq',
  tensor: 'model',
  tensor_transpose: 'model',
  tensor_sequence: 'model',
  expert: 'expert',
}

/** What is lost where an axis of MaxText is folded into another. */
const foldedNote: Record<string, string> = {
  fsdp_transpose: 'fsdp_transpose is counted as data (FSDP): it shards the other dimension of the weights, with the same memory',
  sequence: 'sequence is counted as seq: MaxText shards only some activations by it',
  tensor_transpose: 'tensor_transpose is counted as model: it shards the embedding dimension instead of heads and mlp',
  tensor_sequence: 'tensor_sequence is counted as model: it also shards activations by sequence',
}

export interface MeshSettings {
  kind: 'ici' | 'dcn'
  /** Devices of a slice, or slices; null where nothing says them. */
  total: number | null
  what: string
  notes: string[]
}

/** The mesh of one kind of axes, every one mapped; -1 takes what is left. @throws PromptsError `bad_log`. */
export function meshOfSettings(settings: ReadonlyMap<string, string>, options: MeshSettings): Mesh {
  const { kind, what, notes } = options
  const mesh: Mesh = {}
  let rest: keyof Mesh | null = null
  for (const [part, axis] of Object.entries(axisParts)) {
    const value = Number(settings.get(`${kind}_${part}_parallelism`) ?? 1)
    if (value === 1) continue
    if (value === -1) {
      rest = axis
      continue
    }
    if (!Number.isInteger(value) || value < 1)
      throw new PromptsError('bad_log', `${what}: ${kind}_${part}_parallelism is ${value}`, {
        hint: 'An axis is a whole number from 1, or -1 for the rest.',
      })
    mesh[axis] = (mesh[axis] ?? 1) * value
    const folded = foldedNote[part]
    if (folded) notes.push(`${kind}_${part}_parallelism=${value}: ${folded}`)
  }
  if (rest !== null) fillRest(mesh, rest, options)
  return mesh
}

function fillRest(mesh: Mesh, axis: keyof Mesh, { kind, total, what, notes }: MeshSettings): void {
  const named = axes.reduce((product, one) => product * (mesh[one] ?? 1), 1)
  if (total === null)
    throw new PromptsError('bad_log', `${what}: an ${kind} axis is -1, and nothing says how many devices there are`, {
      hint: 'Give the log from the start of the run, or name the slice: --topology v5p-128.',
    })
  const size = total / named
  if (!Number.isInteger(size))
    throw new PromptsError('bad_log', `${what}: ${kind} axes ${formatMesh(mesh)} do not divide ${total}`, {
      hint: 'The axes do not fit the device count.',
    })
  mesh[axis] = (mesh[axis] ?? 1) * size
  if (size > 1) notes.push(`${kind} ${axis}: -1 resolved to ${size}`)
}

/** Axes of MaxText that have no counterpart here and are not 1. */
export function unmappedAxes(settings: ReadonlyMap<string, string>): string[] {
  return [...settings].flatMap(([name, value]) => {
    const part = /^(?:ici|dcn)_(.+)_parallelism$/.exec(name)?.[1]
    const known = part === undefined || part in axisParts
    return known || value === '1' ? [] : [`${name}=${value} is not mapped: no axis of ours stands for it`]
  })
}
