import { formatMesh } from '../../src/contract/mesh.ts'
import type { CompiledCase } from '../../test/support/measured/compiled-cases.ts'
import { measuredPairs } from '../../test/support/measured/measured-pairs.ts'
import { groupBy, percent } from '../../test/support/measured/statistics.ts'
import { fsdpCredit, randomCredit, rooflineCredit } from './baselines.ts'
import { type Contrast, contrasts, contrastsNotJudged, stepSeconds } from './contrasts.ts'
import type { HeldBackFits } from './fit-rows.ts'

/** The table of compiled contrasts: which mesh is the faster one, by constants that never saw the workload. */
export function contrastReport(fits: HeldBackFits): string[] {
  const pairs = contrasts()
  const lines = ['## Ranking against replayed full-effort schedules', '']
  lines.push(
    "A contrast is one workload on two meshes whose replayed steps differ by over 5%. The planner's constants are fitted anew without anything of the workload's model.",
    '',
  )
  const results: { pair: Contrast; planner: number; predictedRatio: number }[] = []
  for (const [group, own] of groupBy(pairs, ({ group }) => group)) {
    const constants = fits.without(own[0]?.faster.workload.model.name ?? group)
    for (const pair of own) {
      const predictedRatio = stepSeconds(pair.slower, constants) / stepSeconds(pair.faster, constants)
      results.push({ pair, planner: predictedRatio > 1 ? 1 : 0, predictedRatio })
    }
  }
  const n = pairs.length
  const share = (sum: number) => (n === 0 ? '–' : `${sum} of ${n} (${percent(sum / n, 0)})`)
  const shipped = pairs.filter((pair) => stepSeconds(pair.slower) > stepSeconds(pair.faster)).length
  const total = (value: (pair: Contrast) => number) => pairs.reduce((sum, pair) => sum + value(pair), 0)
  lines.push('| Rule | the faster mesh first |', '|---|---|')
  lines.push(`| planner, cross-validated by model | ${share(results.reduce((sum, { planner }) => sum + planner, 0))} |`)
  lines.push(`| planner, as shipped | ${share(shipped)} |`)
  lines.push(`| pure FSDP | ${share(total(({ faster, slower }) => fsdpCredit(faster.workload, slower.workload)))} |`)
  lines.push(`| random legal | ${share(total(() => randomCredit))} |`)
  lines.push(`| roofline only | ${share(total(({ faster, slower }) => rooflineCredit(faster.workload, slower.workload)))} |`)
  lines.push('', '| Workload | faster | slower | replayed ratio | predicted ratio | right |', '|---|---|---|---|---|---|')
  for (const { pair, predictedRatio } of results) {
    const { faster, slower, group } = pair
    lines.push(
      `| ${group} | ${meshName(faster)} | ${meshName(slower)} | ${(slower.replayMs / faster.replayMs).toFixed(2)} | ${predictedRatio.toFixed(2)} | ${predictedRatio > 1 ? 'yes' : 'no'} |`,
    )
  }
  const notJudged = contrastsNotJudged()
  if (notJudged.length > 0) {
    const right = notJudged.filter((pair) => stepSeconds(pair.slower) > stepSeconds(pair.faster)).length
    lines.push(
      '',
      `Not counted: ${notJudged.length} contrasts of dropless programs over an expert axis, whose replay counts the buffers of the worst routing as work. The planner as shipped orders ${right} of them as the replay does:`,
      '',
    )
    for (const { group, faster, slower } of notJudged)
      lines.push(
        `- ${group}: ${meshName(faster)} before ${meshName(slower)}, replayed ratio ${(slower.replayMs / faster.replayMs).toFixed(2)}, predicted ${(stepSeconds(slower) / stepSeconds(faster)).toFixed(2)}`,
      )
  }
  return lines
}

/** The same for pairs of public measurements, each row named. */
export function measuredPairReport(): string[] {
  const pairs = measuredPairs()
  const right = pairs.filter(({ predictedRatio }) => predictedRatio > 1).length
  const lines = ['## Ranking against pairs of public measurements', '']
  lines.push(
    `${right} of ${pairs.length} pairs of one workload on two meshes, over 5% apart, are in the measured order. \`clean\` pairs differ in the mesh only; the others also in software, kernels or remat, as the column says.`,
    '',
  )
  lines.push('| Workload | faster | slower | comparability | measured ratio | predicted ratio | right |', '|---|---|---|---|---|---|---|')
  for (const { workload, faster, slower, comparability, measuredRatio, predictedRatio } of pairs)
    lines.push(
      `| ${workload} | ${faster} | ${slower} | ${comparability} | ${measuredRatio.toFixed(2)} | ${predictedRatio.toFixed(2)} | ${predictedRatio > 1 ? 'yes' : 'no'} |`,
    )
  return lines
}

function meshName({ workload }: CompiledCase): string {
  const dcn = Object.keys(workload.dcn).length > 0 ? ` (dcn ${formatMesh(workload.dcn)})` : ''
  return formatMesh(workload.mesh!) + dcn
}
