import { expect, test } from 'vitest'
import { chipOfDeviceType, chips } from '../../src/contract/chip.ts'
import { PromptsError } from '../../src/errors.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'

test('every chip of the contract has facts and sources', () => {
  for (const name of chips) {
    const chip = findChip(name)
    expect(chip.sources.length).toBeGreaterThan(0)
    expect(chip.max_dims?.length ?? chip.torus_dims).toBe(chip.torus_dims)
  }
})

test('devices a chip, what a name counts and the compiler configuration agree', () => {
  for (const name of chips) {
    const chip = findChip(name)
    expect(chip.devices_per_chip).toBe(chip.compiler_chip_config === 'megacore' ? 1 : chip.cores_per_chip)
    expect(chip.name_counts).toBe(chip.cores_per_chip === 2 ? 'cores' : 'chips')
  }
})

test("an operator's price replaces the shipped one and nothing else", () => {
  const cheap = findChip('v5p', { prices: { v5p: 1.5 } })
  expect(cheap.usd_per_chip_hour).toBe(1.5)
  const listed = findChip('v5p')
  expect(listed.price_as_of).toMatch(/^\d{4}-\d\d-\d\d$/)
  // an operator's own price is of no list
  expect(cheap).toEqual({ ...listed, usd_per_chip_hour: 1.5, price_as_of: null })
  expect(findChip('v5e', { prices: { v5p: 1.5 } })).toEqual(findChip('v5e'))
})

test('an unknown chip names the nearest', () => {
  try {
    findChip('v5pp')
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(PromptsError)
    expect((error as PromptsError).code).toBe('bad_experiment')
    expect((error as PromptsError).hint).toContain('v5p')
  }
})

test('the device names of XProf and JAX lead to the chip, others to none', () => {
  expect(chipOfDeviceType('TPU v6 Lite')).toBe('v6e')
  expect(chipOfDeviceType('TPU v6 lite')).toBe('v6e')
  expect(chipOfDeviceType('TPU v5')).toBe('v5p')
  expect(chipOfDeviceType('TPU v5 lite')).toBe('v5e')
  expect(chipOfDeviceType('TPU7x')).toBe('tpu7x')
  expect(chipOfDeviceType('TPU v2')).toBeNull()
  expect(chipOfDeviceType('NVIDIA H100')).toBeNull()
})
