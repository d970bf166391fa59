/**
 * Builds knowledge/topologies.json from ../shared/data/topologies.tsv (MaxText's map from slice names to topologies).
 * Run: bin/node scripts/build-topologies.ts [FILE]. The output is committed; running it again changes nothing unless the table
 * did.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { chipSchema } from '../src/contract/chip-schema.ts'
import { findChip } from '../src/knowledge/data/chips.ts'
import { readTsv } from './read-tsv.ts'

const root = new URL('../', import.meta.url)

/** The compiler's platform names where they are not the chip's. */
const chipOfPlatform: Record<string, string> = { v5: 'v5p' }

interface Row {
  chip: string
  dims: number[]
  chip_config: string
  host_bounds: number[]
  devices: number
  wrap: boolean[]
}

function readRow(row: Record<string, string>): Row {
  const [platform, shape] = row.topology!.split(':') as [string, string]
  const chip = findChip(chipSchema.parse(chipOfPlatform[platform] ?? platform))
  const dims = shape.split('x').map(Number)
  const wrap = row.wrap_xyz!.split(', ').map((value) => value === 'True')
  if (dims.length !== chip.torus_dims) throw new Error(`${row.name}: ${shape} does not have ${chip.torus_dims} dimensions`)
  return {
    chip: chipOfPlatform[platform] ?? platform,
    dims,
    chip_config: row.chip_config!,
    host_bounds: row.chips_per_host_bounds!.split(', ').map(Number),
    devices: Number(row.devices),
    wrap: wrap.slice(0, dims.length),
  }
}

/** Where the table counts a slice's devices otherwise than chips times devices a chip. */
function deviceMismatches(slices: [string, Row][]): string[] {
  const mismatches: string[] = []
  for (const [name, slice] of slices) {
    const expected = slice.dims.reduce((a, b) => a * b, 1) * findChip(slice.chip).devices_per_chip
    if (expected !== slice.devices) mismatches.push(`${name}: ${slice.devices} in the table, ${expected} by its chips`)
  }
  return mismatches
}

const rows = readTsv(readFileSync(new URL('../shared/data/topologies.tsv', root), 'utf8'))
const slices = rows.map((row): [string, Row] => [row.name!, readRow(row)])
const mismatches = deviceMismatches(slices)
const comment =
  mismatches.length === 0
    ? 'devices equals chips times devices a chip for every slice under its chip_config (megacore: one device a chip; tpu7x: two); the source table never counts otherwise.'
    : `devices is the source table's; it counts otherwise than chips times devices a chip for ${mismatches.join('; ')}.`
const head = {
  about: 'Slice names, their shape in chips, chips a host along each axis, JAX devices, and which physical axes have wrap-around links.',
  comment,
  source: {
    title: 'MaxText accelerator_to_spec_map.py at e591f30cb',
    uri: 'https://github.com/AI-Hypercomputer/maxtext/blob/e591f30cb/src/maxtext/utils/accelerator_to_spec_map.py',
  },
}
const lines = slices.map(([name, slice]) => `    ${JSON.stringify(name)}: ${JSON.stringify(slice)}`)
const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "slices": {\n${lines.join(',\n')}\n  }\n}\n`
writeFileSync(process.argv[2] ?? new URL('knowledge/topologies.json', root), text)
console.log(`knowledge/topologies.json: ${slices.length} slices, ${mismatches.length} with another device count`)
