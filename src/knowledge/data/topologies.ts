import { z } from 'zod'
import { type ChipName, exampleShape } from '../../contract/chip.ts'
import { chipSchema } from '../../contract/chip-schema.ts'
import { PromptsError } from '../../errors.ts'
import type { Slice } from '../../interconnect/slice.ts'
import { nearest } from '../../text/nearest.ts'
import { type ChipFacts, findChip } from './chips.ts'
import { lazyKnowledge, sourceSchema } from './read-data.ts'

const dimsSchema = z.array(z.int().positive()).min(2).max(3)

const sliceEntrySchema = z.strictObject({
  chip: chipSchema,
  dims: dimsSchema,
  chip_config: z.enum(['megacore', 'default']),
  host_bounds: z.array(z.int().positive()).length(3),
  devices: z.int().positive(),
  wrap: z.array(z.boolean()).min(2).max(3),
})
type SliceEntry = z.infer<typeof sliceEntrySchema>

const topologiesFileSchema = z.strictObject({
  about: z.string(),
  comment: z.string(),
  source: sourceSchema,
  slices: z.record(z.string(), sliceEntrySchema),
})

const topologiesFile = lazyKnowledge('topologies.json', topologiesFileSchema)

/** The planner's view of a slice, and what the TPU compiler must be told to describe it. */
export type SliceSpec = Slice & {
  /** `4x4x4`: the shape as `get_topology_desc` wants it. */
  shape: string
  chipConfig: 'megacore' | 'default'
  /** Chips a host along each of three axes. */
  hostBounds: readonly number[]
}

/** Every slice name, in the order of the table. */
export function sliceNames(): string[] {
  return Object.keys(topologiesFile().slices)
}

/** The named slices that have so many JAX devices; of one chip there is at most one. */
export function slicesOfDevices(devices: number, chip: ChipName | null): { name: string; chip: ChipName; shape: string }[] {
  return Object.entries(topologiesFile().slices)
    .filter(([, entry]) => entry.devices === devices && (chip === null || entry.chip === chip))
    .map(([name, entry]) => ({ name, chip: entry.chip, shape: entry.dims.join('x') }))
}

/** The smallest named slice of the same chip with a whole multiple of its devices; null for the largest. */
export function largerSlice({ chip, devices }: Pick<Slice, 'chip' | 'devices'>): SliceSpec | null {
  const { slices } = topologiesFile()
  const more = namesOf(chip).flatMap((name) => {
    const entry = slices[name]
    return entry && entry.devices > devices && entry.devices % devices === 0 ? [{ name, entry }] : []
  })
  const [next] = more.sort((a, b) => a.entry.devices - b.entry.devices)
  return next ? fromEntry(next.name, next.entry) : null
}

/**
 * The slice that an experiment's `hardware` means: a product name (`v5p-128`) or a shape (`4x4x4`).
 * A shape need not be in the table: any shape that the chip's torus can take is accepted, and then `name` is null.
 * Throws `unknown_topology` with the nearest names, when the name belongs to another chip, or when the chip cannot have the
 * shape.
 */
export function findSlice(chip: ChipName, topology: string): SliceSpec {
  const wanted = topology.trim().toLowerCase()
  const entry = topologiesFile().slices[wanted]
  if (entry) {
    if (entry.chip === chip) return fromEntry(wanted, entry)
    throw new PromptsError('unknown_topology', `The slice ${wanted} is made of ${entry.chip} chips, but the experiment says ${chip}.`, {
      hint: `Set hardware.chip to ${entry.chip}, or choose a ${chip} slice.`,
    })
  }
  if (/^\d+(x\d+)+$/.test(wanted)) return fromShape(chip, wanted.split('x').map(Number))
  const close = nearest(wanted, namesOf(chip))
  throw new PromptsError('unknown_topology', `There is no ${chip} slice named "${topology}".`, {
    hint:
      close.length > 0
        ? `Nearest: ${close.join(', ')}. A shape such as ${exampleShape(chip)} works too.`
        : `Write a shape such as ${exampleShape(chip)}.`,
  })
}

function fromEntry(name: string, entry: SliceEntry): SliceSpec {
  const chips = product(entry.dims)
  return {
    chip: entry.chip,
    name,
    dims: entry.dims,
    wrap: entry.wrap,
    chips,
    hosts: Math.max(1, Math.ceil(chips / product(entry.host_bounds))),
    devicesPerChip: findChip(entry.chip).devices_per_chip,
    devices: entry.devices,
    shape: entry.dims.join('x'),
    chipConfig: entry.chip_config,
    hostBounds: entry.host_bounds,
  }
}

function fromShape(chip: ChipName, dims: number[]): SliceSpec {
  const named = namesOf(chip).find((name) => topologiesFile().slices[name]!.dims.join('x') === dims.join('x'))
  if (named) return fromEntry(named, topologiesFile().slices[named]!)
  const facts = findChip(chip)
  const problem = whyImpossible(facts, dims)
  if (problem) {
    const shapes = namesOf(chip).map((name) => topologiesFile().slices[name]!.dims.join('x'))
    throw new PromptsError('unknown_topology', `${chip} has no slice of ${dims.join('x')} chips: ${problem}.`, {
      hint: `Nearest: ${nearestShapes(dims, shapes).join(', ')}.`,
    })
  }
  const chips = product(dims)
  const hostBounds = chips === 1 ? [1, 1, 1] : [2, 2, 1]
  return {
    chip,
    name: null,
    dims,
    wrap: wrapOf(facts, dims),
    chips,
    hosts: Math.max(1, Math.ceil(chips / product(hostBounds))),
    devicesPerChip: facts.devices_per_chip,
    devices: chips * facts.devices_per_chip,
    shape: dims.join('x'),
    chipConfig: facts.compiler_chip_config,
    hostBounds,
  }
}

/** Which physical axes of a shape have wrap-around links, by the chip's rule. */
export function wrapOf(chip: Pick<ChipFacts, 'wrap_rule'>, dims: readonly number[]): boolean[] {
  if (chip.wrap_rule === 'length_16') return dims.map((n) => n === 16)
  const whole = dims.every((n) => n % 4 === 0)
  return dims.map(() => whole)
}

/** 3D slices are built of 4x4x4 cubes, or are a part of one cube; 2D slices are limited by their pod. */
function whyImpossible(chip: ChipFacts, dims: number[]): string | null {
  if (dims.length !== chip.torus_dims) return `its torus has ${chip.torus_dims} dimensions, the shape has ${dims.length}`
  if (dims.some((n) => n < 1)) return 'every dimension is at least 1'
  const longest = chip.max_dims
  if (longest && dims.some((n, i) => n > longest[i]!)) return `no dimension is longer than ${Math.max(...longest)}`
  const inOneCube = dims.every((n) => n === 1 || n === 2 || n === 4)
  if (chip.torus_dims === 3 && !inOneCube && !dims.every((n) => n % 4 === 0))
    return 'slices larger than one cube have dimensions that are multiples of 4'
  if (chip.torus_dims === 2 && dims.some((n) => (n & (n - 1)) !== 0)) return 'every dimension is a power of two'
  if (product(dims) > 100_000) return 'it is larger than any pod'
  return null
}

function nearestShapes(dims: number[], shapes: string[]): string[] {
  const chips = product(dims)
  const distance = (shape: string) => Math.abs(Math.log(product(shape.split('x').map(Number)) / chips))
  return [...new Set(shapes)].sort((a, b) => distance(a) - distance(b)).slice(0, 3)
}

function namesOf(chip: ChipName): string[] {
  return sliceNames().filter((name) => topologiesFile().slices[name]!.chip === chip)
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a * b, 1)
}
