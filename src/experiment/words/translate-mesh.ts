import { type Axis, axes, axisSchema } from '../../contract/mesh.ts'
import { PromptsError } from '../../errors.ts'
import { type Data, experimentWords, isData } from './experiment-words.ts'

/**
 * A mesh in the contract's axes: `{fsdp: 8, tensor: 2}`, with MaxText's `data` as replicas where an axis that only MaxText has
 * stands beside it. Axes that fold into one multiply. `-1` stays, for `fillMesh`.
 */
export function translateMesh(given: unknown, where: string, notes: string[]): unknown {
  if (!isData(given)) return given
  const maxtext = Object.keys(given).some((name) => experimentWords.maxtext_only.includes(name))
  const mesh: Data = {}
  for (const [name, size] of Object.entries(given)) {
    const axis = axisOf(name, maxtext)
    if (axis !== name && axis !== null)
      notes.push(`${where} ${name}=${String(size)} is ${axis} here${name === 'data' ? ' (MaxText replicates over it; FSDP is fsdp)' : ''}`)
    const key = axis ?? name
    const before = mesh[key]
    if (before === undefined) mesh[key] = size
    else if (typeof before === 'number' && typeof size === 'number' && before > 0 && size > 0) mesh[key] = before * size
    else mesh[key] = before === 1 ? size : before
  }
  return mesh
}

function axisOf(name: string, maxtext: boolean): Axis | null {
  if (maxtext && name === 'data') return 'replica'
  const own = axisSchema.safeParse(name)
  return own.success ? own.data : (experimentWords.axes[name] ?? experimentWords.sizes[name] ?? spelledOut(name))
}

/**
 * `ici_fsdp_parallelism`, `tensor_parallel`: a framework's setting as an axis of a mesh. MaxText's `data` among its settings
 * replicates.
 */
function spelledOut(name: string): Axis | null {
  const word = /^(?:(?:ici|dcn)_)?(\w+?)_(?:parallel|parallelism|parallel_size)$/.exec(name)?.[1]
  if (word === undefined) return null
  if (word === 'data') return 'replica'
  const own = axisSchema.safeParse(word)
  return own.success ? own.data : (experimentWords.axes[word] ?? null)
}

/**
 * The axis that is -1 takes what the others leave of the devices.
 * @throws PromptsError `bad_experiment` for two of them, and where the others do not divide the devices.
 */
export function fillMesh(given: unknown, devices: number | null, { where, notes }: { where: string; notes: string[] }): unknown {
  if (!isData(given)) return given
  const open = axes.filter((axis) => given[axis] === -1)
  if (open.length === 0) return given
  const [axis, second] = open
  if (second !== undefined)
    throw new PromptsError('bad_experiment', `${where}: ${open.join(' and ')} are both -1`, { hint: 'One axis can take what is left.' })
  const named = axes.reduce((product, one) => product * (typeof given[one] === 'number' && given[one] > 0 ? given[one] : 1), 1)
  if (devices === null)
    throw new PromptsError('bad_experiment', `${where}: ${axis} is -1, and the slice that it would fill is not known`, {
      hint: 'hardware names it: {chip: v5p, topology: 4x4x4}, or v5p-128.',
    })
  if (devices % named !== 0)
    throw new PromptsError('bad_experiment', `${where}: ${axis} is -1, and ${devices} devices do not divide by ${named}`, {
      hint: 'Write the size out, or name a slice that the other axes divide.',
    })
  notes.push(`${where} ${axis}=-1 is filled to ${devices / named}`)
  return { ...given, [axis!]: devices / named }
}
