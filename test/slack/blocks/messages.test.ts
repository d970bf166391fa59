import { describe, expect, it } from 'vitest'
import type { Diagnosis } from '../../../src/contract/diagnosis.ts'
import { PromptsError } from '../../../src/errors.ts'
import { cardMessage } from '../../../src/slack/blocks/card-message.ts'
import { withPlainBlocks } from '../../../src/slack/blocks/fallback.ts'
import { message, type section } from '../../../src/slack/blocks/message.ts'
import { errorMessage, noAnswerMessage, replyMessage } from '../../../src/slack/blocks/notice-messages.ts'
import { bottleneckShort, detailsMessage, summaryMessage } from '../../../src/slack/blocks/summary-message.ts'
import { plain } from '../../../src/slack/blocks/text.ts'
import { sampleDiagnosis } from '../../support/slack/diagnoses.ts'

const nothing = Object.fromEntries(Object.keys(sampleDiagnosis().kpis).map((name) => [name, null])) as unknown as Diagnosis['kpis']
const headline = (diagnosis: Diagnosis) => summaryMessage(diagnosis, { title: 'exp-1' }).text
const said = (blocks: unknown) => JSON.stringify(blocks)

describe('the summary', () => {
  it('says what to do, what it brings and why, and nothing else before the cards', () => {
    const base = sampleDiagnosis()
    const gain = { ratio: 1.35, low: 1.11, high: 1.63, probability: 0.97 }
    const cards = base.cards.map((card) => ({ ...card, estimate: card.estimate && { ...card.estimate, gain } }))
    expect(headline({ ...base, cards })).toMatch(
      /^exp-1: fsdp 32 · tensor 2.*: about 26% less time per step \(10–39%, 97% likely better\); /,
    )
    const { blocks } = summaryMessage({ ...base, cards }, { title: 'exp-1' })
    expect(blocks.map((block) => block.type)).toEqual(['section', 'context', 'actions'])
    expect(said(blocks)).toContain('bound by communication: ')
    expect(bottleneckShort(base)).toBe('bound by communication')
    expect(bottleneckShort({ ...base, kpis: nothing, top_ops: [] })).toBe('cold start')
  })

  it('pretends no gain where nothing beats what runs', () => {
    const base = sampleDiagnosis()
    const gain = { ratio: 0.97, low: 0.9, high: 1.02, probability: 0.2 }
    const cards = base.cards.map((card) => ({ ...card, estimate: card.estimate && { ...card.estimate, gain } }))
    expect(headline({ ...base, cards })).toMatch(/^exp-1: keep the mesh: none is likely to beat what runs now.*3% more time per step/)
  })

  it('says before all else which latency objective nothing meets, in the notification too', () => {
    const unmet = 'No mesh that fits meets tpot 1 ms: model=8 comes nearest with 5.21 ms.'
    const diagnosis = sampleDiagnosis({ notes: [unmet, 'another note'] })
    const { text, blocks } = summaryMessage(diagnosis, { title: 'exp-1' })
    expect(text).toContain(`exp-1: ${unmet} fsdp 32`)
    expect(said(blocks[0])).toContain(`"text":":warning: ${unmet}\\n*exp-1*: `)
    const alone = said(summaryMessage({ ...diagnosis, cards: [] }, { title: 'exp-1' }).blocks)
    expect(alone.split(unmet)).toHaveLength(2)
    expect(alone).toContain('another note')
    expect(said(summaryMessage(sampleDiagnosis({ notes: ['another note'] }), { title: 'exp-1' }).blocks)).not.toContain(':warning:')
  })

  it('is the whole report where there are no cards', () => {
    const base = sampleDiagnosis()
    const shown = said(summaryMessage({ ...base, cards: [] }, { title: 'exp-1' }).blocks)
    expect(shown).toContain('Duty cycle')
    expect(shown).not.toContain('"details"')
  })

  it('gives each op its part of one step, not time added up over cores and steps', () => {
    const base = sampleDiagnosis()
    const op = { ...base.top_ops[0]!, self_ms: 43_900, share: 0.2 }
    const shown = said(detailsMessage({ ...base, kpis: { ...base.kpis, step_time_ms: 35_300 }, top_ops: [op] }, { title: 'x' }).blocks)
    expect(shown).toContain('"7.06 s"')
    expect(shown).not.toContain('43.9 s')
    const unknown = said(detailsMessage({ ...base, kpis: { ...base.kpis, step_time_ms: null }, top_ops: [op] }, { title: 'x' }).blocks)
    expect(unknown).not.toContain('Of a step')
  })

  it('links to the pages it is given, web addresses alone', () => {
    const pages = [
      { title: 'XProf overview', uri: 'http://xprof:8791/?run=a&tag=overview_page' },
      { title: 'bad', uri: 'javascript:alert(1)' },
    ]
    const shown = said(detailsMessage(sampleDiagnosis(), { title: 'x', pages }).blocks)
    expect(shown).toContain('<http://xprof:8791/?run=a&amp;tag=overview_page|XProf overview> · bad')
    expect(shown).not.toContain('javascript')
  })
})

describe('other messages', () => {
  it('a card says who adopted it', () => {
    const base = sampleDiagnosis()
    const state = { adopted: { by: 'U7' }, compiling: false, replaces: null }
    expect(said(cardMessage(base, base.cards[0]!, state).blocks)).toContain('adopted by <@U7>')
  })

  it('words of others stay words in the plain text too', () => {
    expect(message('<!channel> <http://evil.example|click> <@U1> <#C1> <!subteam^S1>', []).text).toBe(
      '&lt;!channel> &lt;http://evil.example|click> <@U1> <#C1> <!subteam^S1>',
    )
    expect(plain('*&lt;!here&gt;* <https://a.example|b>')).toBe('&lt;!here&gt; b')
    expect(replyMessage('ask <@U1> & <!channel>').text).toBe('ask &lt;@U1&gt; &amp; &lt;!channel&gt;')
  })

  it('names channels as links, and why a run has no answer', () => {
    const error = new PromptsError('not_allowed', 'I do not answer in this channel', { hint: 'Ask in C0123456789.' })
    expect(said(errorMessage(error).blocks)).toContain('Ask in <#C0123456789>.')
    const of = (end: 'failed' | 'cancelled' | null) => noAnswerMessage({ run: 'r', title: 'exp-1', end, failure: null }).text
    expect(of('failed')).toContain('exp-1 failed.')
    expect(of('cancelled')).toContain('was cancelled')
    expect(of(null)).toContain('is under way')
  })

  it('a table that Slack refuses becomes columns under one another', () => {
    const block = {
      type: 'table',
      rows: [
        ['Op', 'Share'],
        ['a-long-name', '1%'],
      ].map((row) => row.map((text) => ({ type: 'raw_text', text }))),
    }
    const [fence] = withPlainBlocks({ text: 'x', blocks: [block as never] }).blocks
    expect((fence as ReturnType<typeof section>).text?.text).toBe('```\nOp           Share\na-long-name  1%\n```')
  })
})
