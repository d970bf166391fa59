import { type Data, experimentWords, isData } from './experiment-words.ts'
import { translateHardware } from './translate-hardware.ts'
import { fillMesh, translateMesh } from './translate-mesh.ts'

/** How many JAX devices a slice has; null where the slice is not known. */
export type DevicesOf = (chip: string, topology: string) => number | null

/**
 * An experiment's data with the words of frameworks and people in the contract's own; every translation is a note. Nothing is
 * refused here but what contradicts itself: what is still unknown is named by the schema.
 */
export function translateWords(data: unknown, devicesOf: DevicesOf): { data: unknown; notes: string[] } {
  const notes: string[] = []
  if (!isData(data)) return { data, notes }
  const out: Data = { ...data }
  rename(out, { model_name: 'model', slice: 'hardware', accelerator: 'hardware', tpu: 'hardware' }, notes)
  if (out.hardware !== undefined) out.hardware = translateHardware(out.hardware, notes)
  const phases = experimentWords.values.phase
  if (typeof out.phase === 'string' && phases[out.phase.toLowerCase()] !== undefined) {
    notes.push(`phase ${out.phase} is taken as ${phases[out.phase.toLowerCase()]}`)
    out.phase = phases[out.phase.toLowerCase()]
  }
  const run: Data | null = isData(out.run) ? { ...out.run } : null
  moveSizes(out, run, notes)
  if (out.mesh !== undefined) out.mesh = translateMesh(out.mesh, 'mesh', notes)
  if (out.dcn !== undefined) out.dcn = translateMesh(out.dcn, 'dcn', notes)
  const hardware = isData(out.hardware) ? out.hardware : {}
  const devices =
    typeof hardware.chip === 'string' && typeof hardware.topology === 'string' ? devicesOf(hardware.chip, hardware.topology) : null
  const slices = typeof hardware.slices === 'number' ? hardware.slices : 1
  out.mesh = fillMesh(out.mesh, devices, { where: 'mesh', notes })
  out.dcn = fillMesh(out.dcn, slices, { where: 'dcn', notes })
  if (out.mesh === undefined) delete out.mesh
  if (out.dcn === undefined) delete out.dcn
  if (run !== null) out.run = translateRun(run, devices === null ? null : devices * slices, notes)
  return { data: out, notes }
}

/** `tensor_parallel_size: 8` and `ici_fsdp_parallelism: 4`, wherever they stand, are axes of the mesh. */
function moveSizes(out: Data, run: Data | null, notes: string[]): void {
  for (const place of [out, run]) {
    if (place === null) continue
    for (const [name, value] of Object.entries(place)) {
      const [, kind, word] = /^(ici|dcn)_(.+)_parallelism$/.exec(name) ?? []
      const axis = experimentWords.sizes[name]
      if (word === undefined && axis === undefined) continue
      delete place[name]
      const target = kind === 'dcn' ? 'dcn' : 'mesh'
      const mesh = isData(out[target]) ? { ...out[target] } : {}
      if (axis !== undefined) notes.push(`${name}=${String(value)} is ${axis} in the mesh`)
      mesh[axis ?? maxtextAxis(word!)] = value
      out[target] = mesh
    }
  }
}

/** MaxText's `data` among settings is its own: it replicates. */
function maxtextAxis(word: string): string {
  return word === 'data' ? 'replica' : (experimentWords.axes[word] ?? word)
}

function translateRun(run: Data, devices: number | null, notes: string[]): Data {
  rename(run, experimentWords.run, notes)
  const perDevice = run.per_device_batch_size
  if (typeof perDevice === 'number' && perDevice > 0 && devices !== null && run.global_batch === undefined) {
    const steps = typeof run.microbatches === 'number' ? run.microbatches : 1
    run.global_batch = Math.max(1, Math.trunc(perDevice * devices)) * steps
    delete run.per_device_batch_size
    const times = steps > 1 ? ` × ${steps} accumulation steps` : ''
    notes.push(`per_device_batch_size ${perDevice} × ${devices} devices${times} is global_batch ${String(run.global_batch)}`)
  }
  for (const [name, value] of Object.entries(run)) {
    if (!name.endsWith('_dtype') || typeof value !== 'string') continue
    const dtype = experimentWords.values.dtype[value.toLowerCase()]
    if (dtype === undefined) continue
    notes.push(`${name} ${value} is taken as ${dtype}`)
    run[name] = dtype
  }
  return run
}

function rename(data: Data, words: Readonly<Record<string, string>>, notes: string[]): void {
  for (const [word, key] of Object.entries(words)) {
    if (data[word] === undefined || data[key] !== undefined) continue
    data[key] = data[word]
    delete data[word]
    notes.push(`${word} is ${key} here`)
  }
}
