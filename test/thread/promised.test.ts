import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { helpMessage } from '../../src/slack/blocks/help-message.ts'
import { read } from '../../src/thread/intent.ts'

const here = { mentioned: false, cards: 3 }
const there = { mentioned: true, cards: 3 }

/** What the help says that one can write in a thread. */
const ofHelp = [...JSON.stringify(helpMessage({ examples: ['exp-1'], mention: '@prompts' }).blocks).matchAll(/_([a-z][^_"]{3,60})_/g)].map(
  ([, example]) => example ?? '',
)
/** What the page for users says so: the examples of its rows on writing in a thread. */
const ofDocs = readFileSync(new URL('../../docs/slack.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\| write /.test(line))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/\*([^*]{4,60})\*/g)].map(([, example]) => example ?? ''))
  .filter((example) => !/^(?:Take back|Record)$/.test(example))
// what starts something new is asked with a mention
const promised = [...new Set([...ofHelp, ...ofDocs])].filter((text) => !/^(?:plan|size|diagnose) /.test(text))

describe('what the help and the docs say that one can write', () => {
  it('are at least a dozen things', () => {
    expect(promised.length).toBeGreaterThanOrEqual(12)
  })

  it.each(promised)('"%s" is read in a thread without a mention as with one', (text) => {
    const quietly = read(text, here)
    expect(quietly.intent, quietly.reason).not.toBe('ignore')
    expect({ intent: quietly.intent, value: quietly.value }).toEqual({ intent: read(text, there).intent, value: read(text, there).value })
  })

  it('is read so whatever its capitals, spaces and last mark are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...promised),
        fc.boolean(),
        fc.constantFrom('', ' ', '!', '  '),
        fc.constantFrom(' ', '  ', '\t'),
        (text, loud, end, space) => {
          const written = (loud ? text.toUpperCase() : text).replaceAll(' ', space) + end
          expect({ written, intent: read(written, here).intent }).toEqual({ written, intent: read(text, here).intent })
        },
      ),
      { numRuns: 200 },
    )
  })
})
