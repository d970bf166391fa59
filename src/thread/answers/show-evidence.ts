import type { Diagnosis } from '../../contract/diagnosis.ts'
import { formatMesh } from '../../contract/mesh.ts'

/** What the bottleneck and the cards rest on: measured evidence, and cases and documents with their addresses. */
export function showEvidence(diagnosis: Diagnosis, wanted: readonly number[]): string {
  const cards = diagnosis.cards.filter((one) => wanted.length === 0 || wanted.includes(one.rank))
  if (cards.length === 0) return wanted.length === 0 ? 'There are no cards.' : `There is no card ${wanted.join(' or ')}.`
  const lines = [`Bottleneck: ${diagnosis.bottleneck.class}. ${diagnosis.bottleneck.evidence.slice(0, 3).join('; ')}.`]
  for (const one of cards) {
    lines.push(`Card ${one.rank}, ${formatMesh(one.mesh)}:`)
    if (one.evidence.length === 0) lines.push('  no case or document was close enough; the figures are the planner’s')
    for (const item of one.evidence) lines.push(`  ${item.kind} ${item.title} (${item.uri})`)
  }
  return lines.join('\n')
}
