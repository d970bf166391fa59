import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { profileReportSchema } from '../../src/contract/profile-report.ts'
import { PromptsError } from '../../src/errors.ts'
import type { Replies, Tool } from '../../src/profile/json/replies.ts'
import { parseReply } from '../../src/profile/json/replies.ts'
import { reportOfReplies } from '../../src/profile/json/report-of-replies.ts'
import { cpuMsSince } from '../support/cpu-ms.ts'
import { sharedData } from '../support/needs.ts'
import { profileKinds } from '../support/profile-kinds.ts'
import { readProfileBytes } from '../support/read-profile-bytes.ts'
import { syntheticProfile } from '../support/synthetic-profile.ts'

/** A sound input, and how it is read. */
export interface FuzzInput {
  name: string
  bytes: Uint8Array
  read: (bytes: Uint8Array) => Promise<unknown>
}

/** Generated profiles of every kind, small; and the real samples where they are. */
export function fuzzInputs(): FuzzInput[] {
  const inputs: FuzzInput[] = profileKinds().map((kind) => {
    const [host] = kind.hosts
    if (!host) throw new Error('a kind without hosts')
    return {
      name: kind.name,
      bytes: syntheticProfile({ ...host, steps: 2, cores: 2, ...(host.slow ? { slow: { core: 1, factor: 1.1 } } : {}) }),
      read: readBytes,
    }
  })
  const profiles = join(sharedData, 'profiles')
  if (!existsSync(profiles)) return inputs
  inputs.push({ name: 'v6e sample', bytes: readFileSync(join(profiles, 'tpu-v6e-inference/host0.xplane.pb')), read: readBytes })
  for (const tool of ['overview_page', 'hlo_stats', 'op_profile', 'memory_profile', 'roofline_model'] as const) {
    const bytes = gunzipSync(readFileSync(join(profiles, 'tpu-v5p-training-xprof-json', `${tool}.json.gz`)))
    // The head of a large reply is enough to damage.
    inputs.push({ name: tool, bytes: bytes.length > 400_000 ? smallReply(tool) : bytes, read: (each) => readReply(tool, each) })
  }
  return inputs
}

async function readBytes(bytes: Uint8Array): Promise<unknown> {
  return await readProfileBytes('fuzz', bytes)
}

function readReply(tool: Tool, bytes: Uint8Array): Promise<unknown> {
  const replies: Replies = new Map([[tool, parseReply('fuzz.json', Buffer.from(bytes).toString('utf8'))]])
  return Promise.resolve(reportOfReplies('fuzz', replies))
}

function smallReply(tool: Tool): Uint8Array {
  const leaf = {
    name: 'fusion.1',
    metrics: { rawTime: 5e9, rawFlops: 7, occurrences: 3, rawBytesAccessedArray: [1, 2, 3] },
    xla: { category: 'loop fusion', expression: '%fusion.1 = f32[8] fusion()' },
    children: [],
  }
  const tree = {
    byProgram: {
      name: 'by_program',
      metrics: { rawTime: 5e9 },
      children: [{ name: 'main', metrics: { rawTime: 5e9 }, children: [leaf, leaf] }],
    },
  }
  const table = {
    cols: [{ id: 'hlo_op_name' }, { id: 'category' }, { id: 'total_time' }, { id: 'total_self_time' }, { id: 'step' }, { id: 'operation' }],
    rows: [{ c: [{ v: 'a' }, { v: 'all-reduce' }, { v: 5 }, { v: '5' }, { v: 'Total' }, { v: 'a' }] }],
    p: { peak_flop_rate: '100', peak_hbm_bw: '7' },
  }
  return Buffer.from(JSON.stringify(tool === 'op_profile' ? tree : [table]))
}

export interface FuzzResult {
  outcome: 'report' | 'error'
  /** Processor time: a hang burns it, and a busy machine does not add to it. */
  ms: number
}

/** Reads one damaged input: a report that keeps its contract, or an error meant to be read. Anything else throws. */
export async function tryInput(input: FuzzInput, bytes: Uint8Array): Promise<FuzzResult> {
  const start = process.cpuUsage()
  try {
    profileReportSchema.parse(await input.read(bytes))
    return { outcome: 'report', ms: cpuMsSince(start) }
  } catch (error) {
    if (error instanceof PromptsError && error.code !== 'internal') return { outcome: 'error', ms: cpuMsSince(start) }
    throw error
  }
}
