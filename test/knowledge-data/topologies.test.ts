import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTsv } from '../../scripts/read-tsv.ts'
import type { ChipName } from '../../src/contract/chip.ts'
import type { PromptsError } from '../../src/errors.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { findSlice, sliceNames, wrapOf } from '../../src/knowledge/data/topologies.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'

const chipOf = (name: string): ChipName => name.split('-')[0] as ChipName

test('every slice has the devices, wrap and name that its chip implies', () => {
  expect(sliceNames().length).toBe(223)
  for (const name of sliceNames()) {
    const slice = findSlice(chipOf(name), name)
    const chip = findChip(slice.chip)
    expect(slice.devices, name).toBe(slice.chips * chip.devices_per_chip)
    expect(Number(name.split('-')[1]), name).toBe(chip.name_counts === 'cores' ? slice.chips * chip.cores_per_chip : slice.chips)
    expect(slice.wrap, name).toEqual(wrapOf(chip, slice.dims))
    expect(slice.chipConfig, name).toBe(chip.compiler_chip_config)
  }
})

test('a shape and its name are the same slice', () => {
  expect(findSlice('v5p', '4x4x4')).toEqual(findSlice('v5p', 'v5p-128'))
  expect(findSlice('tpu7x', '4X4X4').devices).toBe(128)
  expect(findSlice('v6e', '16x16')).toMatchObject({ chips: 256, hosts: 64, wrap: [true, true] })
  expect(findSlice('v5e', '8x16').wrap).toEqual([false, true])
  expect(findSlice('v6e', '1x1')).toMatchObject({ hosts: 1, devices: 1 })
})

test('a shape without a name is still a slice', () => {
  expect(findSlice('v6e', '8x4')).toMatchObject({ name: null, chips: 32, devices: 32, wrap: [false, false] })
  expect(findSlice('v5p', '4x4x36')).toMatchObject({ name: null, chips: 576, wrap: [true, true, true] })
})

test.each([
  ['v5p', 'v5p-129', 'v5p-128'],
  ['v5p', 'v6e-8', 'v6e'],
  ['v6e', '4x4x4', '8x8'],
  ['v5p', '3x4x4', '4x4x4'],
  ['v6e', '32x8', '16x16'],
  ['v6e', 'nonsense', '4x4'],
] as const)('%s %s is refused and %s is offered', (chip, topology, offered) => {
  try {
    findSlice(chip, topology)
    expect.unreachable()
  } catch (error) {
    expect((error as PromptsError).code).toBe('unknown_topology')
    expect((error as PromptsError).hint).toContain(offered)
  }
})

test.skipIf(lacks('shared'))(needing('the shipped table is what the script builds from the source table', 'shared'), () => {
  for (const row of readTsv(readFileSync(join(sharedData, 'topologies.tsv'), 'utf8'))) {
    const slice = findSlice(chipOf(row.name!), row.name!)
    expect(slice.shape).toBe(row.topology!.split(':')[1])
    expect(slice.devices).toBe(Number(row.devices))
    expect(slice.hostBounds.join(', ')).toBe(row.chips_per_host_bounds)
  }
})
