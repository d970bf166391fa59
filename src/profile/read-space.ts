import { PromptsError } from '../errors.ts'
import type { CoreReading } from './core-reading.ts'
import type { ProfileLimits } from './limits.ts'
import { readCore } from './read-core.ts'
import type { HostReading } from './read-host.ts'
import { readHost } from './read-host.ts'
import type { SparseWork } from './sparse-work.ts'
import type { ByteSource } from './xspace/byte-source.ts'
import type { ProgramGraph } from './xspace/program-graphs.ts'
import { readProgramGraphs } from './xspace/program-graphs.ts'
import type { PlaneIndex } from './xspace/space-index.ts'
import { indexSpace } from './xspace/space-index.ts'
import { Window } from './xspace/window.ts'
import { WireError } from './xspace/wire.ts'

/** One host's XSpace, folded. */
export interface SpaceReading {
  host: string
  cores: CoreReading[]
  hosts: HostReading[]
  /** Planes of other devices, by what they are: GPU, custom. */
  otherDevices: { name: string; type: string; count: number }[]
  /** Graphs of the programs that took the time. */
  graphs: ProgramGraph[]
  /** The machine's own name, empty where the profiler did not write it. */
  machine: string
  /** What the host's own plane calls the chips ("TPU v6 lite"), where it says. */
  chipsNamed: string | null
  /** What the profiler itself recorded. */
  errors: string[]
  warnings: string[]
}

const tpuPlane = /^\/device:TPU:\d+/
const sparsePlane = /SparseCore/
/** More TensorCores and SparseCores than any host has. */
const maxCores = 512

/** Reads one XSpace. @throws PromptsError bad_profile with the file and the byte where it is not one */
export async function readSpace(
  source: ByteSource,
  options: { host: string; limits: ProfileLimits; signal?: AbortSignal },
): Promise<SpaceReading> {
  const window = new Window(source, options.signal, options.limits.readMs)
  try {
    return await fold(window, options)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const at = Math.min(error.offset, source.size)
    throw new PromptsError('bad_profile', `${source.name} is not a whole XSpace: at byte ${at} of ${source.size}, ${error.message}`, {
      hint: 'The file is cut short, damaged, or something else; copy it again, or give the .xplane.pb of the run.',
      cause: error,
    })
  }
}

async function fold(window: Window, options: { host: string; limits: ProfileLimits }): Promise<SpaceReading> {
  const space = await indexSpace(window)
  if (window.source.size === 0) throw new WireError(0, 'the file is empty')
  // A program's own proto reads as one plane with the program's name.
  const looksReal = space.planes.some((plane) => plane.name.startsWith('/') || plane.name === 'Task Environment')
  if (!looksReal) throw new WireError(0, 'it has no plane of a device or a host')
  // The file's name tells hosts apart where their own names do not (localhost).
  const { host } = options
  const tpus = space.planes.filter((plane) => tpuPlane.test(plane.name))
  if (tpus.length > maxCores) throw new WireError(0, `the file holds ${tpus.length} TPU cores, more than ${maxCores} of one host`)
  const starts = tpus.flatMap((plane) => plane.lines.map((line) => line.timestampNs))
  const baseNs = earliest(starts)
  const { errors, warnings, hostname: machine } = space
  const named = chipsNamed(space.planes)
  const otherOnes = otherDevices(space.planes)
  const reading: SpaceReading = {
    host,
    cores: [],
    hosts: [],
    otherDevices: otherOnes,
    graphs: [],
    machine,
    chipsNamed: named,
    errors,
    warnings,
  }
  const work = new Map<string, SparseWork[]>()
  const read = (plane: PlaneIndex, sparse: readonly SparseWork[]): Promise<CoreReading> =>
    readCore(window, plane, { host, baseNs, limits: options.limits, sparse })
  // SparseCores first: what they ran tells what a TensorCore waited for.
  for (const plane of tpus.filter((each) => sparsePlane.test(each.name))) {
    const core = await read(plane, [])
    reading.cores.push(core)
    const chip = chipPart(plane.name)
    work.set(chip, [...(work.get(chip) ?? []), ...core.work])
  }
  for (const plane of tpus.filter((each) => !sparsePlane.test(each.name)))
    reading.cores.push(await read(plane, work.get(chipPart(plane.name)) ?? []))
  for (const plane of space.planes) {
    if (plane.name === '/host:CPU') reading.hosts.push(await readHost(window, plane, { baseNs, intervals: options.limits.intervals >> 4 }))
  }
  const programs = mainPrograms(reading.cores)
  for (const plane of space.planes) {
    if (plane.name !== '/host:metadata' || programs.size === 0) continue
    reading.graphs.push(...(await readProgramGraphs(window, plane, programs, options.limits.hloBytes)))
  }
  return reading
}

/** Programs whose ops take at least a twentieth of the time in ops. */
function mainPrograms(cores: readonly CoreReading[]): Set<string> {
  const time = new Map<string, number>()
  let total = 0
  for (const core of cores) {
    for (const op of core.ops) {
      total += op.selfPs
      if (op.facts.programId !== null) time.set(op.facts.programId, (time.get(op.facts.programId) ?? 0) + op.selfPs)
    }
  }
  return new Set([...time].flatMap(([program, ps]) => (ps >= total / 20 ? [program] : [])))
}

function earliest(times: readonly bigint[]): bigint {
  let first = times[0] ?? 0n
  for (const time of times) if (time < first) first = time
  return first
}

function chipPart(plane: string): string {
  return /^\/device:TPU:\d+/.exec(plane)?.[0] ?? plane
}

/** The host's metadata or its own plane may name the chips where no device plane was recorded. */
function chipsNamed(planes: readonly PlaneIndex[]): string | null {
  for (const plane of planes) {
    if (plane.name.startsWith('/device:')) continue
    for (const value of plane.stats.values()) {
      const text =
        typeof value === 'string' ? value : value instanceof Uint8Array ? Buffer.from(value.subarray(0, 4096)).toString('latin1') : ''
      const named = /TPU ?v\d+\w*(?: ?[Ll]ite)?/.exec(text)?.[0]
      if (named) return named
    }
  }
  // Counters of matrix units are read on TPU hosts alone.
  const counted = planes.some((plane) => plane.name === '/host:CPU' && plane.stats.has('matrix_unit_utilization_percent'))
  return counted ? 'TPU' : null
}

function otherDevices(planes: readonly PlaneIndex[]): SpaceReading['otherDevices'] {
  const found = new Map<string, { name: string; type: string; count: number }>()
  for (const plane of planes) {
    const kind = /^\/device:([A-Za-z]+)/.exec(plane.name)?.[1]
    // Planes of custom tracers (the multi-slice runtime's, an accelerator's driver) are lines of time: they name what is there,
    // and count nothing.
    if (kind === undefined || kind === 'TPU' || /megascale/i.test(plane.name)) continue
    const devices = kind === 'CUSTOM' ? 0 : 1
    const type = plane.stats.get('device_type_string') ?? plane.stats.get('device_vendor')
    const known = found.get(kind)
    if (known) known.count += devices
    else found.set(kind, { name: kind, type: typeof type === 'string' ? type : kind, count: devices })
  }
  return [...found.values()]
}
