import { describe, expect, it } from 'vitest'
import { readSizeLine } from '../../src/experiment/one-line/read-size-line.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { modelNames } from '../../src/knowledge/data/models.ts'
import { sliceNames, slicesOfDevices } from '../../src/knowledge/data/topologies.ts'
import { sizeJob } from '../../src/planner/size-job.ts'

const vocabulary = { catalog: openCatalog(undefined), modelNames: modelNames(), sliceNames: sliceNames(), slicesOfDevices }

function size(line: string) {
  const { ladders, budget } = readSizeLine(line, vocabulary)
  return sizeJob({ ladders, budget, clock: () => 0 })
}

describe('sizeJob', () => {
  it('puts the cheapest slice that keeps the latency first, and what misses behind', () => {
    const options = size('serve llama3-8b, 1k in 256 out, 32 requests in flight, tpot 15 ms')
    const met = options.filter(({ meets }) => meets)
    expect(met.length).toBeGreaterThan(2)
    expect(options.slice(0, met.length)).toEqual(met)
    expect(met.map((option) => option.usd_per_hour)).toEqual(met.map((option) => option.usd_per_hour).sort((a, b) => a - b))
    for (const { meets, estimate, memory } of options) expect(meets).toBe(memory.fits && (estimate.tpot_ms ?? 0) <= 15)
  })

  it('holds a training to its days and counts its dollars', () => {
    const options = size('train qwen3-32b, 1T tokens, 30 days, seq 4096, batch 1024')
    expect(options[0]?.meets).toBe(true)
    expect(options.some(({ meets, memory }) => !meets && memory.fits)).toBe(true)
    for (const { meets, memory, estimate, usd_per_hour, usd_total } of options) {
      const hours = ((1e12 / (1024 * 4096)) * estimate.step_time_ms) / 3.6e6
      expect(usd_total).toBeCloseTo(hours * usd_per_hour, 0)
      expect(meets).toBe(memory.fits && hours <= 720)
    }
    const met = options.filter(({ meets }) => meets).map((option) => option.usd_total ?? 0)
    expect(met).toEqual([...met].sort((a, b) => a - b))
  })

  it('says no slice where none is fast enough, the nearest first', () => {
    const options = size('serve llama3-8b on v6e, 1k in 256 out, 32 requests in flight, tpot 0.01 ms')
    expect(options.length).toBeGreaterThan(3)
    expect(options.some(({ meets }) => meets)).toBe(false)
    expect(options[0]!.estimate.tpot_ms).toBe(
      Math.min(...options.filter(({ memory }) => memory.fits).map(({ estimate }) => estimate.tpot_ms!)),
    )
  })

  it('stays with the chip that is named', () => {
    const slices = size('serve llama3-8b on trillium, tpot 20 ms').map(({ slice }) => slice)
    expect(slices.length).toBeGreaterThan(1)
    expect(slices.every((slice) => slice.startsWith('v6e-'))).toBe(true)
  })

  it.each([
    ['train llama3-8b, 30 days', /not how much/],
    ['train llama3-8b, 1T tokens, fsdp=8', /names a mesh/],
    ['train llama3-8b, 1T tokens, wibble', /"wibble"/],
  ])('refuses %s', (line, message) => expect(() => size(line)).toThrow(message))
})
