import type { Comparison } from '../contract/diagnosis.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import { comparisonAlt, comparisonSvg } from './comparison.ts'
import { rooflineAlt, rooflineSvg } from './roofline.ts'

/** A picture and what it says in words. The PNG has 2 pixels for each of its 760 × 456 units and a plate of its own. */
export interface Rendered {
  png: Uint8Array
  alt: string
}

export async function renderRoofline(report: ProfileReport): Promise<Rendered> {
  return render(rooflineSvg(report), rooflineAlt(report))
}

/** The picture of `prompts compare`. */
export async function renderComparison(comparison: Comparison): Promise<Rendered> {
  return render(comparisonSvg(comparison), comparisonAlt(comparison))
}

/** The rasterizer is loaded with the first picture: nothing else waits for it. */
async function render(svg: string, alt: string): Promise<Rendered> {
  const { toPng } = await import('./to-png.ts')
  return { png: await toPng(svg), alt }
}
