import type { Case } from '../../contract/case.ts'
import { formatMesh } from '../../contract/mesh.ts'
import type { Plan } from '../../contract/verdict.ts'
import { formatGibNumber, formatMs, formatShare } from '../../text/units.ts'
import { context, type Message, message, section, table } from './message.ts'
import { clip, escapeText, link, plain } from './text.ts'

/** The first meshes of a plan: the whole space ranked without a profile. */
export function planListMessage(plan: Plan): Message {
  const head = `*${escapeText(plan.experiment, 150)}*: ${plan.space.fitting} of ${plan.space.legal} legal meshes fit (of ${plan.space.total})`
  const rows = plan.ranked
    .slice(0, 10)
    .map((verdict, at) => [
      String(at + 1),
      clip(formatMesh(verdict.mesh), 120),
      verdict.estimate === null ? '–' : formatMs(verdict.estimate.step_time_ms),
      verdict.memory === null
        ? '–'
        : `${formatGibNumber(verdict.memory.required_gib)} of ${formatGibNumber(verdict.memory.available_gib)} GiB`,
      verdict.estimate?.mfu == null ? '–' : formatShare(verdict.estimate.mfu),
    ])
  const body =
    rows.length === 0 ? [] : [table([['#', 'Mesh', 'Step', 'HBM', 'MFU'], ...rows], ['right', 'left', 'right', 'right', 'right'])]
  return message(plain(head), [
    section(head),
    ...body,
    context('Predicted, without a profile; diagnose it for evidence and cards to adopt.'),
  ])
}

/** Cases of the library, the nearest first. */
export function casesMessage(cases: Case[], words: string): Message {
  if (cases.length === 0) {
    const text = words === '' ? 'The library has no cases yet.' : `No case found for ${escapeText(words, 200)}.`
    return message(plain(text), [section(text)])
  }
  const lines = cases.slice(0, 10).map((one) => {
    const model = typeof one.workload.model === 'string' ? one.workload.model : (one.workload.model.name ?? 'own model')
    const move = [one.from, one.to]
      .filter((mesh) => mesh !== null)
      .map((mesh) => formatMesh(mesh))
      .join(' → ')
    const times = [one.measured_before_ms, one.measured_after_ms]
      .filter((ms) => ms !== null)
      .map((ms) => formatMs(ms))
      .join(' → ')
    const source = one.sources[0]
    const from = source === undefined ? '' : ` · ${link(source.uri, source.title, 300)}`
    const what = `${escapeText(model, 60)} on ${one.workload.chip} ${escapeText(one.workload.topology, 20)}`
    return `• *${what}*: ${move}${times === '' ? '' : `, ${times}`} (${one.status})${from}`
  })
  const blocks = []
  for (let at = 0; at < lines.length; at += 4) blocks.push(section(lines.slice(at, at + 4).join('\n')))
  return message(plain(lines[0] ?? ''), blocks)
}
