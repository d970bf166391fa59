import { noKpis } from '../../src/agents/situation.ts'
import type { Comparison } from '../../src/contract/diagnosis.ts'
import type { ProfileReport } from '../../src/contract/profile-report.ts'

export type Point = ProfileReport['roofline']['points'][number]

/** A report that holds nothing but a roofline. */
export function reportOf(roofline: Partial<ProfileReport['roofline']>, device = 'TPU v5p'): ProfileReport {
  return {
    source: 'profile',
    device: { type: device, devices: 4, hosts: 1 },
    kpis: noKpis,
    bottleneck: { class: 'unknown', confidence: 0, evidence: [], also: [] },
    top_ops: [],
    roofline: { peak_tflops: 459, peak_hbm_gbps: 2765, ridge_flop_per_byte: 166, points: [], ...roofline },
    collectives: [],
    steps: null,
    outside_steps_ms: null,
    categories: [],
    hosts: [],
    anti_patterns: [],
    skew: [],
    notes: [],
  }
}

export function comparisonOf(parts: Comparison['parts'], overrides: Partial<Comparison> = {}): Comparison {
  return {
    before: 'runs/exp-1/profile',
    after: 'runs/exp-2/profile',
    step_time_ratio: 0.8,
    parts,
    ops: [],
    memory_gib: { before: 54.7, after: 61.2 },
    notes: [],
    ...overrides,
  }
}

export interface Drawn {
  name: string
  attributes: Record<string, string>
  text: string
}

/** Every element of an SVG of ours with its attributes and its own text; throws where the markup is not well-formed. */
export function elementsOf(svg: string): Drawn[] {
  const found: Drawn[] = []
  const open: Drawn[] = []
  const token = /<(\/?)([a-z]+)((?: [a-z][a-z0-9-]*="[^"<>]*")*)(\/?)>|([^<]+)/gi
  let at = 0
  for (const match of svg.matchAll(token)) {
    if (match.index !== at) throw new Error(`not well-formed at ${at}: ${svg.slice(at, at + 60)}`)
    at += match[0].length
    const [, closing, name = '', attributes = '', empty, content] = match
    if (content !== undefined) {
      if (/&(?!amp;|lt;|gt;|quot;|#39;)/.test(content)) throw new Error(`a bare & in ${content}`)
      open.at(-1)!.text += content.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
    } else if (closing) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes another element`)
    } else {
      const pairs = [...attributes.matchAll(/([a-z][a-z0-9-]*)="([^"]*)"/gi)].map(([, key, value]) => [key, value])
      const element = { name, attributes: Object.fromEntries(pairs), text: '' }
      found.push(element)
      if (!empty) open.push(element)
    }
  }
  if (at !== svg.length || open.length > 0) throw new Error('not well-formed at its end')
  return found
}

/** WCAG contrast of two `#rrggbb`. */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
