import { existsSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { read } from '../../src/thread/intent.ts'
import type { Intent, Reading, Value } from '../../src/thread/reading.ts'
import { cpuMs } from '../support/cpu-ms.ts'

interface Line {
  text: string
  mentioned: boolean
  expect: Intent
  value?: Value
  also_ok?: Intent[]
}

const corpora = [
  new URL('../../bench/thread/messages.jsonl', import.meta.url),
  new URL('../../../shared/data/thread_messages.jsonl', import.meta.url),
].filter((file) => existsSync(file))

const quietly = (text: string): Reading => read(text, { mentioned: false, cards: 3 })
const addressed = (text: string): Reading => read(text, { mentioned: true, cards: 3 })

describe.each(corpora.map((file) => [file.pathname.split('/').slice(-2).join('/'), file] as const))('the messages of %s', (_name, file) => {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line))

  it('leaves talk alone, and offers to record none of it', () => {
    const talk = lines.filter((line) => line.expect === 'ignore')
    const answered = talk.filter((line) => quietly(line.text).intent !== 'ignore').map((line) => line.text)
    expect(answered.length / talk.length, answered.join('\n')).toBeLessThanOrEqual(0.01)
    expect(answered.filter((text) => /^(?:outcome|oom|adopt|undo)/.test(quietly(text).intent))).toEqual([])
  })

  it('reads what is meant, intent and value', () => {
    const meant = lines.filter((line) => line.expect !== 'ignore')
    const wrong = meant.filter(({ text, mentioned, expect: wanted, also_ok: other = [], value = {} }) => {
      const got = read(text, { mentioned, cards: 3 })
      return !([wanted, ...other].includes(got.intent) && isDeepStrictEqual(got.value, value))
    })
    expect(wrong.length / meant.length, wrong.map((line) => line.text).join('\n')).toBeLessThanOrEqual(0.05)
  })

  it('reads a message without a mention as with one, or leaves it alone with a reason', () => {
    for (const { text } of lines) {
      const [here, there] = [quietly(text), addressed(text)]
      expect(here.reason).not.toBe('')
      if (here.intent === 'ignore') continue
      expect({ text, intent: here.intent, value: here.value }).toEqual({ text, intent: there.intent, value: there.value })
    }
  })
})

describe('the messages that no rule was written for', () => {
  const lines = readFileSync(new URL('../../bench/thread/held-back.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line))

  it('are left alone where they are talk, and read right in at least five of six where they are meant', () => {
    const talk = lines.filter((line) => line.expect === 'ignore')
    expect(talk.filter((line) => quietly(line.text).intent === 'ignore').length / talk.length).toBeGreaterThanOrEqual(0.99)
    const meant = lines.filter((line) => line.expect !== 'ignore')
    const right = meant.filter(({ text, mentioned, expect: wanted, also_ok: other = [], value = {} }) => {
      const got = read(text, { mentioned, cards: 3 })
      return [wanted, ...other].includes(got.intent) && isDeepStrictEqual(got.value, value)
    })
    expect(right.length / meant.length).toBeGreaterThanOrEqual(5 / 6)
  })
})

describe('a measured time', () => {
  it.each([
    ['it ran at 22.9 s', 22_900],
    ['22,900 ms', 22_900],
    ['20,7 s pro Schritt', 20_700],
    ['it took 1.2 minutes', 72_000],
    ['1 min 35 s per step', 95_000],
    ['1.2k ms per step', 1200],
    ['0.04 steps/s', 25_000],
  ])('is read from "%s"', (text, ms) => {
    expect(addressed(text)).toMatchObject({ intent: 'outcome_confirm', value: { step_time_ms: ms } })
  })

  it.each([
    '-5 s',
    'it ran at -5 s',
    '9'.repeat(400),
    `it ran at ${'9'.repeat(400)} s`,
    'it ran at 0 s',
    'it ran for 9 hours',
    'it would have run at 20 s',
    'if it ran at 20 s we would be happy',
  ])('is not read from "%s"', (text) => {
    expect(quietly(text).intent).toBe('ignore')
    expect(addressed(text).value.step_time_ms).toBeUndefined()
  })

  it('of another job than the thread’s is left alone', () => {
    const context = { mentioned: false, cards: 3, experiments: ['llama2-70b-v5p'] }
    expect(read('llama2-70b-v5p ran at 22.9 s', context)).toMatchObject({ intent: 'outcome', job: 'llama2-70b-v5p' })
    expect(read('mixtral-v6e ran at 22.9 s', context).intent).toBe('ignore')
  })

  it('of a failed run keeps what the person said of it', () => {
    expect(quietly('card 2 crashed with nan at step 40')).toMatchObject({ intent: 'outcome', value: { cards: [2] } })
    expect(quietly('card 2 crashed with nan at step 40').failed).toContain('nan')
    expect(quietly('my laptop crashed').intent).toBe('ignore')
  })
})

describe('axes and sizes named in the same order', () => {
  it.each(['(fsdp, tp) = (32, 2)', 'fsdp,tp=32,2', 'fsdp/tp 32/2?', 'fsdp x tp of 32x2', '32x2 (fsdp x tp)', '32/2 fsdp/tp'])(
    '%s',
    (text) => {
      expect(addressed(text)).toMatchObject({ intent: 'what_if', value: { mesh: { data: 32, model: 2 } } })
    },
  )

  it('are not read where there are more of the one than of the other', () => {
    expect(addressed('(dp, fsdp, tp) = (32, 2)').value.mesh).not.toMatchObject({ replica: 32 })
    expect(addressed('32x2?').value).toEqual({ topology: '32x2' })
  })
})

describe('a size', () => {
  it.each([
    ['bump gbs from 512 to 1024', { global_batch: 1024 }],
    ['gbs 512 -> 1024?', { global_batch: 1024 }],
    ['smaller batch e.g. 96', { global_batch: 96 }],
    ['a batch of 640 sequences?', { global_batch: 640 }],
    ['lower tp, say 4', { mesh: { model: 4 } }],
    ['more microbatches, 8?', { microbatches: 8 }],
    ['kill remat', { remat: 'none' }],
  ])('of "%s" is what it becomes', (text, value) => {
    expect(addressed(text)).toMatchObject({ intent: 'what_if', value })
  })
})

describe('what was said of somebody’s run', () => {
  it.each([
    'on the 8b we use tp=4',
    'they ran full remat',
    'INFO step=100 loss=2.9 time=3.1s',
    'last week it took 30 s/step',
    "don't count on it",
  ])('"%s" is left alone', (text) => {
    expect(quietly(text).intent).toBe('ignore')
  })

  it('is asked about where it is only supposed', () => {
    expect(quietly('what if we use tp=4')).toMatchObject({ intent: 'what_if', value: { mesh: { model: 4 } } })
    expect(quietly('ignore that last number, it was from the eval job').intent).toBe('undo')
    expect(quietly('ignore that, it was from the eval job').intent).toBe('ignore')
  })
})

describe('another person’s matters', () => {
  it.each(['<@U123> why not tp=8?', 'see <https://example.com/a?b=tp=8> tp=8?', '<!here> cancel', '@alice why not tp=8?'])(
    '"%s" is left alone',
    (text) => {
      expect(quietly(text).intent).toBe('ignore')
    },
  )
})

describe('a message of any shape', () => {
  const classes = [
    '\n',
    ' ',
    '\t',
    'a',
    'A',
    '7',
    '.',
    ',',
    '=',
    '-',
    '_',
    "'",
    '`',
    '<',
    '>',
    ':',
    '#',
    '@',
    '?',
    '/',
    'x',
    '的',
    'の',
    'バ',
    'é',
    '\u0300',
    '😀',
    '\u0000',
    '１',
    'ß',
  ]
  it.each(classes)('is read in little time: 100,000 of %j', async (character) => {
    const text = character.repeat(100_000)
    const spent = await cpuMs(() => {
      addressed(text)
      quietly(text)
    })
    expect(spent).toBeLessThan(1000)
  })

  it.each([
    '<@',
    '<http://',
    ':a',
    'tp=8 ',
    '1,',
    '1.',
    'a-',
    'tp8',
    '1x',
    'why not ',
    'card 1 ',
    '22.9 s ',
    'fsdp/',
    '(fsdp,',
    '1/2 ',
    '16x4 ',
    '@a ',
    'tp, ',
  ])('and of 20,000 of %j', async (piece) => {
    expect(await cpuMs(() => addressed(piece.repeat(20_000)))).toBeLessThan(1000)
  })

  it('with 20,000 line breaks between words is read as without them', () => {
    expect(addressed(`why not${'\n'.repeat(20_000)}tp=8?`).reason).not.toBe('')
    expect(addressed(`why not${'\n'.repeat(900)}tp=8?`)).toMatchObject({ intent: 'why_not', value: { mesh: { model: 8 } } })
  })

  it('never throws, whatever letters it is made of', () => {
    let seed = 7
    const next = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed % below
    }
    const pieces = [
      ...'tp=8?card 1ran 22.9s/itwhy not#<@U1>：＝８号卡の',
      ' ',
      ' ',
      'oom',
      'batch',
      'double',
      'undo',
      '翻倍',
      'slices',
      'remat',
      '32k',
    ]
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: next(30) }, () => pieces[next(pieces.length)]).join('')
      const [here, there] = [quietly(text), addressed(text)]
      if (here.intent !== 'ignore') expect({ text, ...here }).toEqual({ text, ...there })
    }
  })
})
