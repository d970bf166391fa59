import { formatMesh } from '../../src/contract/mesh.ts'
import { agrees, available, certainty, type HeldBack, kindOf, measured, probability } from '../../test/support/measured/memory-errors.ts'
import { groupBy, median, percent, quantile } from '../../test/support/measured/statistics.ts'

/** One line of the table: how the planner's word on a group of programs compares with the compiler's. */
function row(name: string, group: readonly HeldBack[]): string {
  const errors = group.filter(measured).map(({ log }) => Math.abs(Math.exp(log) - 1))
  const sure = group.filter((held) => certainty(held) !== 'near')
  const right = sure.filter((held) => agrees(held)).length
  const either = group.filter(({ one, gib }) => gib <= available(one) === (one.status === 'fits')).length
  const cells = [
    name,
    group.length,
    group.filter(({ one }) => one.status === 'oom').length,
    errors.length === 0 ? '' : percent(median(errors)),
    errors.length === 0 ? '' : percent(quantile(errors, 0.9)),
    `${right} of ${sure.length}`,
    percent(1 - sure.length / group.length, 0),
    `${either} of ${group.length}`,
  ]
  return `| ${cells.join(' | ')} |`
}

/** Errors, agreement and the near band, over all and by group, as lines of Markdown. */
export function memoryTable(held: readonly HeldBack[]): string[] {
  const lines = [
    '| programs | N | out of memory | median error | 90th percentile | fit or not agrees outside the near band | in the near band | agrees at the limit itself |',
    '|---|---|---|---|---|---|---|---|',
    row('all', held),
  ]
  for (const [name, group] of groupBy(held, ({ one }) => `chosen for: ${one.kind}`)) lines.push(row(name, group))
  for (const [name, group] of groupBy(held, ({ one }) => `judged as: ${kindOf(one)}`)) lines.push(row(name, group))
  for (const [name, group] of groupBy(held, ({ one }) => `chip: ${one.workload.slice.chip}`)) lines.push(row(name, group))
  return lines
}

/** The programs that fit whose peaks are furthest off. */
export function worst(held: readonly HeldBack[], most: number): string[] {
  const fitting = held.filter(measured).toSorted((a, b) => Math.abs(b.log) - Math.abs(a.log))
  return fitting.slice(0, most).map((each) => `| ${describe(each)} |`)
}

/** Every program on a line. */
export function every(held: readonly HeldBack[]): string[] {
  return ['| program | mesh | compiler | GiB | planner | off | of | probability |', '|---|---|---|---|---|---|---|---|'].concat(
    held.toSorted((a, b) => a.one.kind.localeCompare(b.one.kind)).map((each) => `| ${describe(each)} |`),
  )
}

function describe(held: HeldBack): string {
  const { one, gib, log } = held
  const mesh = `${formatMesh(one.mesh)}${one.workload.slices > 1 ? ` × ${formatMesh(one.dcn)}` : ''}`
  const cells = [
    `${one.kind}: ${one.id}`,
    mesh,
    one.status,
    `${one.atMost ? '≤ ' : ''}${one.requiredGib.toFixed(2)}`,
    gib.toFixed(2),
    percent(Math.exp(log) - 1),
  ]
  return [...cells, available(one), probability(held).toFixed(3)].join(' | ')
}
