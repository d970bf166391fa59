import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { experimentIdSchema } from '../../src/contract/experiment.ts'
import { readExperiment } from '../../src/experiment/parse-experiment.ts'
import { readInlineExperiment } from '../../src/experiment/read-inline-experiment.ts'
import { reactionMeaning } from '../../src/slack/adoption/reaction-meaning.ts'
import { escapeText, link } from '../../src/slack/blocks/text.ts'
import { isAllowed, isAllowedSomewhere, parseChannelRules } from '../../src/slack/requests/access.ts'
import { readAsk } from '../../src/thread/read-ask.ts'
import { cpuMs } from '../support/cpu-ms.ts'

describe('what a message asks for', () => {
  const cases: [string, string[]][] = [
    ['<@U1> diagnose exp-123', ['exp-123']],
    ['<@U1> `exp-123`', ['exp-123']],
    ['<@U1>: please diagnose "exp-123", thanks!', ['exp-123']],
    ['<@U1> diagnose exp-1 exp-2, and exp_3', ['exp-1', 'exp-2', 'exp_3']],
    ['<@U1> diagnose exp-1 exp-1', ['exp-1']],
    ['<@U1> diagnose <https://tracker.example.com/experiments/exp-9|the run>', ['exp-9']],
    ['<@U1> diagnose <http://llama.v5p|llama.v5p>', ['llama.v5p']],
    ['<@U1> <https://xprof.example.com/?run=exp-7%2F2026_01_02_03_04_05&tool=overview_page>', ['exp-7']],
    ['<@U1> <https://tb.example.com/#profile&run=team/exp-8/plugins/profile/2026_01_02_03_04_05>', ['exp-8']],
    ['<@U1> diagnose ```exp-5```', ['exp-5']],
    ['<@U1> diagnose llama', ['llama']],
    ['<@U1> (exp-12).', ['exp-12']],
    ['<@U1> why is our job so slow today?', []],
    ['<@U1> can you make it run at 22.9 s?', []],
    ['<@U1> diagnose', []],
    ['<@U1> diagnose <mailto:a@b.example|a@b.example>', []],
    ['<@U1> diagnose ../../etc/passwd', []],
  ]
  it.each(cases)('%s', (text, ids) => {
    expect(readAsk(text).ids).toEqual(ids)
  })

  it('takes only ids, at most one more than it answers, from anything at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 300 }), (text) => {
        const ask = readAsk(`<@U1> diagnose ${text}`)
        expect(ask.ids.length).toBeLessThanOrEqual(6)
        for (const id of ask.ids) expect(experimentIdSchema.safeParse(id).success).toBe(true)
      }),
    )
  })

  it('reads verbs', () => {
    expect(readAsk('plan exp-1')).toMatchObject({ verb: 'plan', ids: ['exp-1'] })
    expect(readAsk('cases llama v5p').verb).toBe('cases')
    for (const text of ['which runs are there?', 'list runs', 'show me all the experiments', 'runs'])
      expect(readAsk(`<@U1> ${text}`), text).toMatchObject({ verb: 'experiments', ids: [], words: [] })
    expect(readAsk('list the runs with llama on v5p')).toMatchObject({ verb: 'experiments', words: ['llama', 'v5p'] })
    for (const text of ['which runs fit?', 'my runs exp-1', 'diagnose experiments exp-1'])
      expect(readAsk(text).verb, text).not.toBe('experiments')
    expect(readAsk('diagnose my-run on v5e-8')).toMatchObject({ ids: ['my-run'], answers: { slice: 'v5e-8' } })
    expect(readAsk('diagnose my-run on v6e:4x8.')).toMatchObject({ ids: ['my-run'], answers: { slice: 'v6e:4x8' } })
    expect(readAsk('diagnose llama-v5e-8')).toMatchObject({ ids: ['llama-v5e-8'], answers: {} })
  })

  it.each(['\n', ':', '(', '<', '`', '```', '```\n', 'a:'])('takes little time with 20,000 of %j', async (piece) => {
    expect(await cpuMs(() => readAsk(`diagnose ${piece.repeat(20_000)} x`))).toBeLessThan(1000)
  })
})

describe('an experiment from a stranger', () => {
  const good = 'id: e1\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 8, seq_len: 128}\n'
  it('is data: no path of it is kept, no alias or unknown key is read', () => {
    const { id, yaml } = readInlineExperiment(`${good}profile: ../../secret\n`, 'x.yaml')
    expect(id).toBe('e1')
    expect(yaml).not.toContain('secret')
    const inWords = good.replace('topology: 4x4x4', 'topology: v5p:4x4x4').concat('mesh: {fsdp: -1, tensor: 2}\n')
    const again = readExperiment(readInlineExperiment(inWords, 'x.yaml').yaml, 'the message')
    expect(again.experiment).toEqual(readExperiment(inWords, 'x.yaml').experiment)
    expect(again.notes.join()).toMatch(/fsdp.*data/)
    expect(() => readInlineExperiment(`${good}command: rm\n`, 'x.yaml')).toThrow(/command/)
    expect(() => readInlineExperiment(`a: &a [1]\nid: *a\n`, 'x.yaml')).toThrow()
    expect(() => readInlineExperiment('x'.repeat(300_000), 'x.yaml')).toThrow(/256 KiB/)
  })
})

describe('who may ask', () => {
  const rules = parseChannelRules(['C1', 'C2=llama-*', 'C2=exp.1'])
  it('holds to the allow-list', () => {
    expect(isAllowedSomewhere([], 'x')).toBe(true)
    expect(isAllowedSomewhere(parseChannelRules(['C2=llama-*']), 'llama-70b')).toBe(true)
    expect(isAllowedSomewhere(parseChannelRules(['C2=llama-*']), 'exp-1')).toBe(false)
    expect(isAllowed([], 'C9', 'x')).toBe('yes')
    expect(isAllowed(rules, 'C1', 'anything')).toBe('yes')
    expect(isAllowed(rules, 'C2', 'llama-70b')).toBe('yes')
    expect(isAllowed(rules, 'C2', 'exp.1')).toBe('yes')
    expect(isAllowed(rules, 'C2', 'expX1')).toBe('experiment')
    expect(isAllowed(rules, 'C2', 'my-llama-70b')).toBe('experiment')
    expect(isAllowed(rules, 'C3', 'llama-70b')).toBe('channel')
  })
})

describe('reactions', () => {
  it('reads numbers and yes, whatever the skin tone, and nothing else', () => {
    expect(reactionMeaning('one')).toEqual({ kind: 'number', rank: 1 })
    expect(reactionMeaning('+1::skin-tone-3')).toEqual({ kind: 'yes' })
    expect(reactionMeaning('white_check_mark')).toEqual({ kind: 'yes' })
    for (const name of ['four', 'eyes', 'constructor', '-1', 'tada']) expect(reactionMeaning(name)).toBeNull()
  })
})

describe('words of others in messages', () => {
  it('can mention nobody and stay within their room', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '&', 'a', '🧮', ' ', '`', '|'), maxLength: 200 }),
        fc.integer({ min: 5, max: 60 }),
        (text, max) => {
          const out = escapeText(text, max)
          expect(out.length).toBeLessThanOrEqual(max)
          expect(out).not.toMatch(/[<>]/)
          expect(out.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toContain('&')
        },
      ),
    )
    expect(escapeText('<!channel> a & b', 100)).toBe('&lt;!channel&gt; a &amp; b')
    expect(link('javascript:alert(1)', 'x', 100)).toBe('x')
    expect(link('https://a.example/b|c', 'x', 100)).toBe('x')
  })
})
