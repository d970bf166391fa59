import { describe, expect, it } from 'vitest'
import { formatBytes, formatChange, formatMs, formatShare, formatUsd, significant } from '../../src/text/units.ts'

describe('units', () => {
  it('keeps three significant digits', () => {
    expect([0.0312, 1.249, 28.94, 120.14, 999.6, 12345, 0].map(significant)).toEqual([
      '0.0312',
      '1.25',
      '28.9',
      '120',
      '1,000',
      '12,345',
      '0',
    ])
  })
  it('chooses the unit', () => {
    expect([formatMs(28_900), formatMs(120.1), formatMs(1.25), formatMs(null)]).toEqual(['28.9 s', '120 ms', '1.25 ms', '–'])
    expect([formatBytes(1_500_000_000), formatBytes(12)]).toEqual(['1.5 GB', '12 B'])
    expect([formatShare(0.865), formatShare(1)]).toEqual(['86.5%', '100%'])
    expect([formatUsd(1673.4), formatUsd(12.4), formatUsd(0.0312)]).toEqual(['$1,673', '$12.40', '$0.0312'])
    expect([formatChange(0.78), formatChange(1.3), formatChange(1.001)]).toEqual(['−22%', '+30%', '±0%'])
  })
})
