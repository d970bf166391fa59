import { readFileSync } from 'node:fs'
import { read } from '../../src/thread/intent.ts'
import { readAsk } from '../../src/thread/read-ask.ts'
import { cpuMsSince } from '../../test/support/cpu-ms.ts'
import { type Watched, watch } from './watched.ts'

/** What came of an input: what was seen, and what should have held and did not. */
export interface Judged {
  seen: string
  wrong: string[]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come out
const acting = /[\u0007\u001b]/

/**
 * Ends with this code and words, within bounds of time and memory, without what acts on a terminal, and leaves nothing behind.
 */
function refused(done: Watched, wanted: { words: RegExp; seconds: number; codes?: number[]; mib?: number; diskMib?: number }): Judged {
  const { code, stdout, stderr, seconds, peakMib, peakDiskMib, left } = done
  const wrong: string[] = []
  if (!(wanted.codes ?? [2]).includes(code ?? -1)) wrong.push(`exit code ${code}`)
  if (!wanted.words.test(stderr + stdout)) wrong.push(`not said: ${wanted.words.source}`)
  if (seconds > wanted.seconds) wrong.push(`${seconds.toFixed(1)} s, ${wanted.seconds} allowed`)
  if (peakMib > (wanted.mib ?? 1024)) wrong.push(`${peakMib.toFixed(0)} MiB of memory`)
  if (peakDiskMib > (wanted.diskMib ?? 2048)) wrong.push(`${peakDiskMib.toFixed(0)} MiB of temporary disk`)
  if (acting.test(stdout + stderr)) wrong.push('an escape came out')
  if (/Maximum call stack|EISDIR|Something went wrong inside/.test(stdout + stderr)) wrong.push('told as a fault of ours')
  const kept = left.filter((name) => name.startsWith('prompts-'))
  if (kept.length > 0) wrong.push(`left ${kept.join(', ')}`)
  const said = stderr.split('\n').findLast((line) => line.startsWith('prompts: ')) ?? stdout.split('\n')[0] ?? ''
  return {
    seen: `exit ${code}, ${seconds.toFixed(1)} s, ${peakMib.toFixed(0)} MiB: ${said
      .replace('prompts: ', '')
      .replace(/\/\S*\//g, '')
      .slice(0, 150)}`,
    wrong,
  }
}

function message(path: string, judge: (text: string) => string[]): Judged {
  const text = readFileSync(`${path}.txt`, 'utf8')
  for (let round = 0; round < 20; round += 1) read('why not model=8?', { mentioned: true, cards: 3 })
  const before = process.cpuUsage()
  readAsk(text)
  const reading = read(text, { mentioned: false, cards: 3 })
  const ms = cpuMsSince(before)
  return { seen: `${ms.toFixed(1)} ms, read as ${reading.intent}`, wrong: [...(ms < 50 ? [] : [`${ms.toFixed(0)} ms`]), ...judge(text)] }
}

/** The inputs that are files or messages, by their id: how each is given to the product, and what must come of it. */
export const cases: Readonly<Record<string, (path: string) => Promise<Judged> | Judged>> = {
  async 'planner-slices-96'(path) {
    const whole = refused(await watch(['diagnose', path]), {
      words: /candidates|meshes|combinations|bound/i,
      seconds: 10,
      codes: [0, 2, 3],
    })
    const stopped = await watch(['diagnose', path], { stopAfterMs: 1500 })
    return { ...whole, wrong: [...whole.wrong, ...(stopped.seconds < 6.5 ? [] : [`SIGTERM: ended after ${stopped.seconds.toFixed(1)} s`])] }
  },
  'yaml-nested-lists': async (path) => refused(await watch(['diagnose', path]), { words: /nested/, seconds: 10 }),
  'yaml-two-documents': async (path) => refused(await watch(['diagnose', path]), { words: /more than one YAML document/, seconds: 10 }),
  'escape-unknown-key': async (path) => refused(await watch(['diagnose', path]), { words: /\\u001b/, seconds: 10 }),
  'escape-remat': async (path) => refused(await watch(['diagnose', path]), { words: /./, seconds: 20, codes: [0, 2, 3] }),
  async 'escape-op-names'(path) {
    const done = await watch(['profile', path])
    const judged = refused(done, { words: /./, seconds: 20, codes: [0] })
    return /^FAKE/m.test(done.stdout + done.stderr) ? { ...judged, wrong: [...judged.wrong, 'a line begins with FAKE'] } : judged
  },
  async 'fifo-as-profile'(path) {
    const whole = refused(await watch(['diagnose', path]), { words: /no regular file/, seconds: 5 })
    const stopped = await watch(['diagnose', path], { stopAfterMs: 300 })
    return { ...whole, wrong: [...whole.wrong, ...(stopped.seconds < 5 ? [] : ['SIGTERM did not end it'])] }
  },
  'link-out-of-folder': async (path) => refused(await watch(['diagnose', path]), { words: /outside the experiment's folder/, seconds: 10 }),
  'directory-as-file': async (path) => refused(await watch(['diagnose', path]), { words: /./, seconds: 10 }),
  async 'gzip-zeros-4gib'(path) {
    const whole = refused(await watch(['diagnose', path]), { words: /./, seconds: 20, mib: 1024, diskMib: 2048 })
    const stopped = await watch(['diagnose', path], { stopAfterMs: 2500 })
    const kept = stopped.left.filter((name) => name.startsWith('prompts-'))
    return { ...whole, wrong: [...whole.wrong, ...(kept.length === 0 ? [] : [`killed in the middle it left ${kept.join(', ')}`])] }
  },
  'gzip-200k-members': async (path) => refused(await watch(['diagnose', path]), { words: /./, seconds: 10, mib: 400, codes: [0, 2] }),
  'planes-2m': async (path) => refused(await watch(['diagnose', path]), { words: /planes/, seconds: 10 }),
  'slack-fence-newlines': (path) => message(path, () => []),
  'slack-exclamations': (path) => message(path, () => []),
  'followup-constructor': (path) =>
    message(path, (text) => {
      const mesh = JSON.stringify(read(text, { mentioned: true, cards: 3 }).value.mesh ?? {})
      const still = read('why not model=4?', { mentioned: true, cards: 3 }).value.mesh
      return [...(mesh === '{}' ? [] : [`read as ${mesh}`]), ...(still?.model === 4 ? [] : ['why not model=4? is not read any more'])]
    }),
  'outcome-negative': (path) =>
    message(path, (text) => (read(text, { mentioned: true, cards: 3 }).value.step_time_ms === undefined ? [] : ['read as an outcome'])),
}
