import { describe, expect, it } from 'vitest'
import type { Case } from '../../../src/contract/case.ts'
import { stages } from '../../../src/contract/run.ts'
import { PromptsError } from '../../../src/errors.ts'
import { allSettingsMessage, cardMessage, withdrawnCardMessage } from '../../../src/slack/blocks/card-message.ts'
import { fallbackOf } from '../../../src/slack/blocks/fallback.ts'
import { helpMessage } from '../../../src/slack/blocks/help-message.ts'
import { closedHomeView, homeView } from '../../../src/slack/blocks/home-view.ts'
import type { Message } from '../../../src/slack/blocks/message.ts'
import * as notices from '../../../src/slack/blocks/notice-messages.ts'
import { cancelledMessage, planMessage } from '../../../src/slack/blocks/plan-message.ts'
import { detailsMessage, summaryMessage } from '../../../src/slack/blocks/summary-message.ts'
import { whyNotModal } from '../../../src/slack/blocks/why-not-modal.ts'
import { checkLimits } from '../../support/slack/check-limits.ts'
import { longestDiagnosis } from '../../support/slack/diagnoses.ts'

const long = (n: number) => '<&>🧮 *_`'.repeat(Math.ceil(n / 8)).slice(0, n)
const diagnosis = longestDiagnosis()
const user = 'U'.repeat(30)
const aCard = diagnosis.cards[0]!
const run = diagnosis.run
const title = long(300)
const aCase: Case = {
  id: long(200),
  tenant: 'T1',
  experiment: 'e',
  lesson: long(1000),
  conditions: {},
  workload: { chip: 'v5p', topology: '4x4x4', slices: 1, model: 'm', phase: 'train', run: {} },
  from: aCard.mesh,
  to: aCard.mesh,
  dcn: {},
  bottleneck: 'communication',
  result: 'ok',
  predicted_step_ms: 1e12 / 3,
  measured_before_ms: 1e12 / 3,
  measured_after_ms: 1e12 / 7,
  status: 'confirmed',
  by: user,
  at: '',
  sources: [],
}
const progress = Object.fromEntries(stages.map((stage) => [stage, { stage, status: 'failed' as const, detail: long(5000) }]))
const link = `https://example.slack.com/archives/${'C'.repeat(200)}`
const meshText = long(2000)

const longest: Record<string, Message> = {
  plan: planMessage({ run, title, progress, withCompiler: true, note: long(9000) }),
  cancelled: cancelledMessage({ run, title, by: user, others: 1e6 }),
  details: detailsMessage(diagnosis, { title, pictures: [], pages: [] }),
  allSettings: allSettingsMessage(diagnosis, diagnosis.cards[0]!),
  summary: summaryMessage(diagnosis, {
    title,
    pages: Array.from({ length: 9 }, () => ({ title: long(900), uri: `https://example.com/${'x'.repeat(2900)}` })),
    pictures: Array.from({ length: 9 }, () => ({ slackFileId: 'F123', altText: long(9000) })),
  }),
  card: cardMessage(diagnosis, aCard, { adopted: { by: user }, compiling: true, replaces: long(9000) }),
  withdrawnCard: withdrawnCardMessage(aCard, long(9000)),
  error: notices.errorMessage(new PromptsError('internal', long(90_000), { hint: long(90_000) }), { about: title, run }),
  noAnswer: notices.noAnswerMessage({ run, title, end: 'failed', failure: { id: 'e-1', message: long(9000), hint: long(9000) } }),
  adopted: notices.adoptedMessage({ by: user, rank: 1, case: aCase, instead: { by: user, rank: 2 } }),
  takenBack: notices.takenBackMessage({ by: user, rank: 1, now: { by: user, rank: 3 } }),
  whichCard: notices.whichCardMessage({ run, on: 1, meant: 2 }),
  mayNotAdopt: notices.mayNotAdoptMessage(`members of <!subteam^${'S'.repeat(30)}>`),
  withdrawn: notices.withdrawnNotice({ adopters: Array(50).fill(user), rank: 1, card: aCard, reason: long(9000), replacement: aCard }),
  verdicts: notices.verdictsMessage(
    diagnosis.cards,
    diagnosis.cards.map((card) => ({ card, reason: long(9000) })),
  ),
  outcome: notices.outcomeMessage({ by: user, case: aCase, run, rank: 1, title }),
  reminder: notices.outcomeReminder({ by: user, mesh: meshText, predictedMs: 1e12 / 3 }),
  reply: notices.replyMessage(long(90_000)),
  joined: notices.joinedMessage({ title, run, by: user, link }),
  help: helpMessage({ examples: Array.from({ length: 40 }, () => 'e'.repeat(128)), why: long(9000), mention: '@'.repeat(100) }),
}

describe('every message at its longest passes the limit checker', () => {
  it.each(Object.entries(longest))('%s', (_name, message) => {
    expect(checkLimits({ ...message })).toEqual([])
    for (const level of [1, 2, 3, 4] as const) expect(checkLimits({ ...fallbackOf(message, level) })).toEqual([])
    expect(message.text.length).toBeGreaterThan(0)
  })

  it('App Home and the modal', () => {
    const entry = { run, title, at: 'x'.repeat(40), by: user, state: 'done' as const, bottleneck: long(500), link }
    const adoption = { title, mesh: meshText, by: user, link, beforeMs: 1e12 / 3, predictedMs: 1e12 / 3, measuredMs: 1e12 / 7 }
    const view = homeView({
      runs: Array(100).fill(entry),
      adoptions: Array(100).fill(adoption),
      settings: Array(100).fill({ name: long(500), value: long(5000) }),
      examples: ['e'.repeat(128)],
    })
    expect(checkLimits(view)).toEqual([])
    expect(checkLimits(closedHomeView(long(5000), long(5000)))).toEqual([])
    const modal = whyNotModal({ run, channel: 'C'.repeat(30), threadTs: '1.2' })
    expect(checkLimits({ ...modal })).toEqual([])
  })
})

const series = (name: string) => ({ name, data: [{ label: 'now', value: 1 }] })
const sevenSeries = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(series)
const oneBar = { type: 'bar', series: [series('compute')], axis_config: { categories: ['now'] } }

describe('the checker refuses what Slack refuses', () => {
  const text = { type: 'mrkdwn', text: 'x' }
  const cases: [string, unknown[]][] = [
    ['51 blocks', Array(51).fill({ type: 'divider' })],
    ['section of 3001', [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3001) } }]],
    ['empty section', [{ type: 'section', text: { type: 'mrkdwn', text: '' } }]],
    ['11 fields', [{ type: 'section', fields: Array(11).fill(text) }]],
    ['field of 2001', [{ type: 'section', fields: [{ type: 'mrkdwn', text: 'x'.repeat(2001) }] }]],
    ['header of 151', [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }]],
    ['button text of 76', [{ type: 'actions', elements: [{ type: 'button', action_id: 'a', text: { text: 'x'.repeat(76) } }] }]],
    ['button value of 2001', [{ type: 'actions', elements: [{ type: 'button', action_id: 'a', value: 'x'.repeat(2001), text }] }]],
    ['one action_id twice', [{ type: 'actions', elements: Array(2).fill({ type: 'button', action_id: 'a', text }) }]],
    ['table of 101 rows', [{ type: 'table', rows: Array(101).fill([{ type: 'raw_text', text: 'x' }]) }]],
    ['table of 21 columns', [{ type: 'table', rows: [Array(21).fill({ type: 'raw_text', text: 'x' })] }]],
    ['table of 10,001 characters', [{ type: 'table', rows: Array(4).fill([{ type: 'raw_text', text: 'x'.repeat(2501) }]) }]],
    ['two tables', Array(2).fill({ type: 'table', rows: [[{ type: 'raw_text', text: 'x' }]] })],
    ['markdown of 12,001', [{ type: 'markdown', text: 'x'.repeat(12_001) }]],
    ['13,500 characters in all', Array(5).fill({ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(2700) } })],
    [
      'a chart of 7 series',
      [{ type: 'data_visualization', title: 'x', chart: { type: 'bar', series: sevenSeries, axis_config: { categories: ['now'] } } }],
    ],
    ['a chart title of 51', [{ type: 'data_visualization', title: 'x'.repeat(51), chart: oneBar }]],
    ['three charts', Array(3).fill({ type: 'data_visualization', title: 'x', chart: oneBar })],
    [
      'a point that is no category',
      [{ type: 'data_visualization', title: 'x', chart: { ...oneBar, axis_config: { categories: ['then'] } } }],
    ],
    ['a data table without rows', [{ type: 'data_table', caption: 'x', rows: [[{ type: 'raw_text', text: 'x' }]] }]],
    ['a data table without caption', [{ type: 'data_table', rows: Array(2).fill([{ type: 'raw_text', text: 'x' }]) }]],
    ['an alert', [{ type: 'alert', text }]],
    ['block_id twice', Array(2).fill({ type: 'divider', block_id: 'b' })],
  ]
  it.each(cases)('%s', (_name, blocks) => {
    expect(checkLimits({ text: 'x', blocks })).not.toEqual([])
  })

  it('no text', () => {
    expect(checkLimits({ blocks: [{ type: 'divider' }] })).not.toEqual([])
  })
})
