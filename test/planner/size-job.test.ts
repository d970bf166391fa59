import { describe, expect, it } from 'vitest'
import { readSizeLine } from '../../src/experiment/one-line/read-size-line.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { modelNames } from '../../src/knowledge/data/models.ts'
import { sliceNames, slicesOfDevices } from '../../src/knowledge/data/topologies.ts'
import { sizeJob } from '../../src/planner/size-job.ts'

const vocabulary = { catalog: openCatalog(), modelNames: modelNames(), sliceNames: sliceNames(), slicesOfDevices }

function size(line: string) {
  const { ladders, budget } = readSizeLine(line, vocabulary)
  return sizeJob({ ladders, budget })
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

  it('takes shapes between the powers of two where one of them is the first that meets', () => {
    // which deadline falls between two powers of two hangs on the predicted steps
    const between = (days: number) =>
      size(`train deepseek-v3 14.8T tokens ${days} days on tpu7x`)
        .filter(({ meets }) => meets)
        .some(({ slice }) => !Number.isInteger(Math.log2(Number(slice.split('-')[1]))))
    expect([55, 65, 50].some(between)).toBe(true)
  })

  it('counts dollars and days with the goodput', () => {
    const line = 'train llama3-8b on v6e-64, 100B tokens, 30 days'
    const [whole] = size(line)
    const [half] = size(`${line}, goodput 50%`)
    expect(half?.usd_total).toBeCloseTo(2 * whole!.usd_total!, 0)
    expect(half?.estimate.usd_per_million_tokens).toBeCloseTo(2 * whole!.estimate.usd_per_million_tokens, 3)
    expect(half?.estimate.step_time_ms).toBe(whole?.estimate.step_time_ms)
  })

  it.each([
    ['train llama3-8b, 100B tokens, 30 days, $1', false],
    ['train llama3-8b, 100B tokens, 30 days, $1M', true],
    ['serve llama3-8b, 32 users, 1k in 256 out, under $1/hour', false],
    ['serve llama3-8b, 32 users, 1k in 256 out, $50 per million tokens', true],
  ])('holds to the dollars of %s', (line, met) => expect(size(line).some(({ meets }) => meets)).toBe(met))

  it('stays with the number of chips that is named', () => {
    expect(new Set(size('train llama3-8b on 64 chips, 100B tokens').map(({ slice }) => slice))).toEqual(
      new Set(['v4-128', 'v5e-64', 'v5p-128', 'v6e-64', 'tpu7x-128']),
    )
    expect(() => size('train llama3-8b on 7 chips, 1T tokens')).toThrow(/no slice/)
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
