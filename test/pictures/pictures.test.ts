import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparisonAlt, comparisonSvg } from '../../src/pictures/comparison.ts'
import { peakOwner } from '../../src/pictures/peak-owner.ts'
import { renderComparison, renderRoofline } from '../../src/pictures/render.ts'
import { rooflineAlt, rooflineSvg } from '../../src/pictures/roofline.ts'
import { partsOf } from '../../src/pictures/step-parts.ts'
import { fitText, textWidth } from '../../src/pictures/text.ts'
import { colors, kinds, size } from '../../src/pictures/theme.ts'
import { sampleDiagnosis } from '../support/slack/diagnoses.ts'
import { comparisonOf, contrast, elementsOf, type Point, reportOf } from './pictures-fixture.ts'

const point = (name: string, flop_per_byte: number, tflops: number, share: number): Point => ({ name, flop_per_byte, tflops, share })

/** No text beyond the plate, no mark beyond it, no figure that is not one. */
function expectTidy(svg: string) {
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  const elements = elementsOf(svg)
  expect(elements[0]!.attributes.viewBox).toBe(`0 0 ${size.width} ${size.height}`)
  for (const { name, attributes, text } of elements) {
    if (name === 'circle') {
      expect(Number(attributes.cx)).toBeGreaterThanOrEqual(0)
      expect(Number(attributes.cx)).toBeLessThanOrEqual(size.width)
    }
    if (name === 'rect') {
      expect(Number(attributes.width)).toBeGreaterThanOrEqual(0)
      expect(Number(attributes.x) + Number(attributes.width)).toBeLessThanOrEqual(size.width)
    }
    if (name !== 'text' || attributes.transform !== undefined) continue
    const width = textWidth(text, Number(attributes['font-size']), attributes['font-weight'] === '600' ? 600 : 400)
    const left = Number(attributes.x) - { start: 0, middle: width / 2, end: width }[attributes['text-anchor'] as 'start']!
    expect.soft(left, text).toBeGreaterThanOrEqual(0)
    expect.soft(left + width, text).toBeLessThanOrEqual(size.width)
  }
  return elements
}

describe('whose peak a roofline shows', () => {
  const peaks = (type: string, peak_tflops: number | null) =>
    peakOwner({
      device: { type, devices: 1, hosts: 1 },
      roofline: { peak_tflops, peak_hbm_gbps: null, ridge_flop_per_byte: null, points: [] },
    })
  it.each([
    ['TPU v5p', 229.5, "one of v5p's 2 cores"],
    ['TPU v5p', 459, 'a v5p chip'],
    ['TPU v6 Lite', 918, 'a v6e chip'],
    ['TPU v5p', 300, null],
    ['TPU v5p', null, null],
    ['Nvidia H100', 989, null],
  ])('%s at %s TFLOP/s: %s', (type, peak, owner) => {
    expect(peaks(type, peak)).toBe(owner)
  })
})

describe('the roofline', () => {
  const report = reportOf({
    points: [point('fusion.wi', 2000, 300, 0.4), point('all-reduce', 0, 0, 0.1), point('fusion.norm', 0.5, 1, 0.02)],
  })

  it('draws each op under the roofs, as large as its share', () => {
    const circles = expectTidy(rooflineSvg(report)).filter((element) => element.name === 'circle' && element.attributes['fill-opacity'])
    expect(circles).toHaveLength(2)
    const [large, small] = circles.map((element) => element.attributes) as [Record<string, string>, Record<string, string>]
    expect(Number(large.r)).toBeGreaterThan(Number(small.r))
    expect(Number(large.cx)).toBeGreaterThan(Number(small.cx))
    expect(Number(large.cy)).toBeLessThan(Number(small.cy))
    expect([large.fill, small.fill]).toEqual([kinds.compute.color, kinds.hbm.color])
  })

  it('lays a point that reaches the bandwidth on the HBM roof', () => {
    const svg = rooflineSvg(reportOf({ points: [point('copy', 16.6, 45.9, 0.5)] }))
    const roof = elementsOf(svg).find((element) => element.attributes.class === 'roof')!
    const [x1, y1, x2, y2] = roof.attributes.d!.match(/[\d.]+/g)!.map(Number) as [number, number, number, number]
    const circle = elementsOf(svg).find((element) => element.attributes['fill-opacity'])!.attributes
    const onRoof = y1 + ((Number(circle.cx) - x1) / (x2 - x1)) * (y2 - y1)
    expect(Number(circle.cy)).toBeCloseTo(onRoof, 0)
  })

  it('says in words what it shows', () => {
    expect(rooflineAlt(report)).toBe(
      'Roofline of TPU v5p (a v5p chip): peak 459 TFLOP/s, HBM 2,765 GB/s, ridge at 166 FLOP per byte. fusion.wi 40% of the time at 300 TFLOP/s and 2,000 FLOP per byte, under the compute roof; fusion.norm 2% of the time at 1 TFLOP/s and 0.5 FLOP per byte, under the HBM roof.',
    )
    expect(rooflineSvg(report)).toContain(`<title>${rooflineAlt(report)}</title>`)
  })

  it.each([
    ['no points', reportOf({ points: [] })],
    ['no peaks', reportOf({ peak_tflops: null, peak_hbm_gbps: null, ridge_flop_per_byte: null, points: [point('a', 1, 1, 1)] })],
    ['one point', reportOf({ points: [point('a', 5, 5, 1)] })],
    ['a point on the ridge', reportOf({ points: [point('a', 166, 459, 1)] })],
    ['twelve decades', reportOf({ points: [point('a', 1e-6, 1e-6, 0.5), point('b', 1e6, 1e6, 0.5)] })],
    ['shares of nothing', reportOf({ points: [point('a', 1, 1, 0), point('b', 1, 1, 0)] })],
    ['figures that are none', reportOf({ points: [point('a', Number.NaN, 1, 1), point('b', -1, 1, 1), point('c', 1, Infinity, 1)] })],
    [
      'names that end nowhere',
      reportOf({ points: Array.from({ length: 30 }, (_, at) => point('x'.repeat(5000) + at, 2 ** at, 30, 0.03)) }, 'T'.repeat(300)),
    ],
    ['markup in a name', reportOf({ points: [point('"/><script>&\u0000\uD800', 1, 1, 1)] }, '<b>&amp;')],
  ])('stays tidy with %s', (_, odd) => {
    expectTidy(rooflineSvg(odd))
    expect(rooflineAlt(odd).length).toBeLessThan(1200)
  })

  it('stays tidy with any points', () => {
    const number = fc.double({ min: 1e-6, max: 1e6, noNaN: true })
    const points = fc.array(
      fc.record({
        name: fc.string({ unit: 'binary', maxLength: 60 }),
        flop_per_byte: number,
        tflops: number,
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(points, (some) => void expectTidy(rooflineSvg(reportOf({ points: some })))),
      { numRuns: 30 },
    )
  })
})

describe('the parts of a step', () => {
  const estimate = sampleDiagnosis().cards[0]!.estimate!

  it('add up to the step', () => {
    for (const one of [estimate, { ...estimate, step_time_ms: 28_900, exposed_communication_ms: 9000 }]) {
      const sum = partsOf(one).reduce((total, part) => total + part.ms, 0)
      expect(sum / one.step_time_ms).toBeCloseTo(1, 2)
    }
  })

  it('count HBM traffic only where compute does not cover it', () => {
    const some = { ...estimate, step_time_ms: 100, compute_ms: 60, hbm_ms: 90, exposed_communication_ms: 10, host_ms: 0 }
    expect(partsOf(some).map((part) => [part.key, part.ms])).toEqual([
      ['compute', 60],
      ['hbm', 30],
      ['communication', 10],
    ])
  })
})

describe('the comparison', () => {
  const part = (name: string, before_ms: number, after_ms: number) => ({ name, before_ms, after_ms })

  it('has two bars for each part, as long as its times', () => {
    const elements = expectTidy(comparisonSvg(comparisonOf([part('ops: fusion', 1000, 500), part('idle', 0, 250)])))
    const widths = (name: string) =>
      elements.filter((element) => element.attributes.class === name).map((element) => Number(element.attributes.width))
    expect(widths('before')[0]! / widths('after')[0]!).toBeCloseTo(2, 1)
    expect(widths('before')[1]).toBe(0)
    const words = elements.map((element) => element.text)
    expect(words).toContain('−500 ms')
    expect(words).toContain('+250 ms')
    expect(words).toContain('Step time −20%, 1.25× as fast')
  })

  it('says in words what it shows', () => {
    expect(comparisonAlt(comparisonOf([part('idle', 10, 20)]))).toBe(
      'Step time −20%, 1.25× as fast, runs/exp-1/profile against runs/exp-2/profile. idle 10 ms before, 20 ms after.',
    )
  })

  it.each([
    ['no parts', comparisonOf([])],
    ['no steps', comparisonOf([part('idle', 1, 1)], { step_time_ratio: null, memory_gib: { before: null, after: null } })],
    ['times of nothing', comparisonOf([part('idle', 0, 0)])],
    ['a millionth and a million', comparisonOf([part('a', 1e-6, 1e9), part('b', 1e9, 1e-6)], { step_time_ratio: 1e6 })],
    [
      'long names',
      comparisonOf(
        Array.from({ length: 50 }, () => part('W'.repeat(900), 5, 4)),
        { before: 'p'.repeat(3000), after: '/'.repeat(300) },
      ),
    ],
  ])('stays tidy with %s', (_, odd) => {
    expectTidy(comparisonSvg(odd))
  })
})

describe('colours', () => {
  it('are readable on the plate', () => {
    const meant = [colors.text, colors.muted, colors.better, colors.worse, colors.before, colors.after]
    for (const color of [...meant, ...Object.values(kinds).map((kind) => kind.color)]) {
      expect(contrast(color, colors.plate), color).toBeGreaterThanOrEqual(4.5)
    }
    for (const region of [colors.hbmRegion, colors.computeRegion]) {
      for (const color of [colors.text, colors.muted]) expect(contrast(color, region)).toBeGreaterThanOrEqual(4.5)
    }
  })
})

describe('text', () => {
  it('keeps both ends of a name that does not fit', () => {
    expect(fitText('fusion.attention.layer.12.backward', 120, 13.5)).toMatch(/^fusion.*….*ward$/)
    expect(fitText('short', 120)).toBe('short')
  })

  it('is never wider than its bound, by the font itself', async () => {
    const { Resvg } = await import('@resvg/resvg-js')
    const require = (await import('node:module')).createRequire(import.meta.url)
    const fonts = '@expo-google-fonts/ibm-plex-sans'
    const fontFiles = [`${fonts}/400Regular/IBMPlexSans_400Regular.ttf`, `${fonts}/600SemiBold/IBMPlexSans_600SemiBold.ttf`].map((file) =>
      require.resolve(file),
    )
    for (const line of [
      'fusion.wi.bwd',
      'Where the time of a step goes',
      '−22%, 20.9 s → 24.3 s',
      'collective exposed: all-gather',
      'MMMMwwww@@%%',
      '0123456789 (3 ops)',
    ]) {
      for (const weight of [400, 600] as const) {
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="50"><text x="0" y="30" font-size="20" font-weight="${weight}" font-family="IBM Plex Sans">${line}</text></svg>`
        const box = new Resvg(svg, { font: { loadSystemFonts: false, fontFiles, defaultFontFamily: 'IBM Plex Sans' } }).getBBox()
        expect.soft(box!.width, line).toBeLessThanOrEqual(textWidth(line, 20, weight))
        expect.soft(box!.width, line).toBeGreaterThan(textWidth(line, 20, weight) * 0.75)
      }
    }
  })
})

describe('PNGs', () => {
  it('decode, at twice the size, small', async () => {
    const all = [
      await renderRoofline(reportOf({ points: [point('fusion', 2000, 300, 0.4)] })),
      await renderComparison(comparisonOf([{ name: 'idle', before_ms: 10, after_ms: 20 }])),
    ]
    for (const { png, alt } of all) {
      const image = decodePng(png)
      expect([image.width, image.height]).toEqual([size.width * 2, size.height * 2])
      expect(new Set(image.rows).size).toBeGreaterThan(50)
      expect(png.length).toBeLessThan(300_000)
      expect(alt.length).toBeGreaterThan(20)
    }
  })
})

/** Width, height and the filtered rows of a PNG of 8-bit RGBA, decompressed. */
function decodePng(png: Uint8Array): { width: number; height: number; rows: string[] } {
  const bytes = Buffer.from(png)
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const data: Buffer[] = []
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(bytes.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  const width = bytes.readUInt32BE(16)
  const height = bytes.readUInt32BE(20)
  const raw = inflateSync(Buffer.concat(data))
  expect(raw.length).toBe(height * (1 + width * 4))
  const rows = Array.from({ length: height }, (_, row) =>
    raw.subarray(row * (1 + width * 4), (row + 1) * (1 + width * 4)).toString('latin1'),
  )
  return { width, height, rows }
}
