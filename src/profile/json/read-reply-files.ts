import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import type { ProfileReport } from '../../contract/profile-report.ts'
import { PromptsError } from '../../errors.ts'
import type { ProfileLimits } from '../limits.ts'
import type { Replies } from './replies.ts'
import { parseReply, toolOfFile } from './replies.ts'
import { reportOfReplies } from './report-of-replies.ts'

const maxReplyBytes = 512 * 2 ** 20

/** Reads saved replies into a report. Of several hosts' replies in one folder, those of the host with most are read. */
export async function readReplyFiles(
  source: string,
  files: readonly string[],
  limits: ProfileLimits,
  signal?: AbortSignal,
): Promise<ProfileReport> {
  const byHost = new Map<string, { tool: ReturnType<typeof toolOfFile>; file: string }[]>()
  for (const file of files) {
    const tool = toolOfFile(file)
    if (tool) byHost.set(tool.host, [...(byHost.get(tool.host) ?? []), { tool, file }])
  }
  const ranked = [...byHost].sort(([, a], [, b]) => b.length - a.length)
  const [chosen] = ranked
  if (!chosen)
    throw new PromptsError('bad_profile', `${source} holds JSON, but no reply of an XProf server by its name`, {
      hint: 'Name replies TOOL.json or HOST.TOOL.json, for example overview_page.json, hlo_stats.json.',
    })
  const notes =
    ranked.length > 1 ? [`Replies of ${ranked.length} hosts are here; those of ${chosen[0] || 'the one without a name'} were read.`] : []
  const replies: Replies = new Map()
  for (const { tool, file } of chosen[1]) {
    signal?.throwIfAborted()
    if (tool) replies.set(tool.tool, parseReply(file, await textOfFile(file, Math.min(maxReplyBytes, limits.fileBytes))))
  }
  return reportOfReplies(source, replies, notes)
}

async function textOfFile(file: string, limit: number): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new PromptsError('bad_profile', `Cannot read ${file}`, { hint: "Check the file's permissions.", cause })
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: limit })
    } catch (cause) {
      const tooLong = cause instanceof RangeError
      throw new PromptsError(
        tooLong ? 'too_large' : 'bad_profile',
        tooLong ? `${file} unpacks to more than ${Math.round(limit / 2 ** 20)} MiB` : `${file} is not a whole gzip`,
        { hint: 'Save the reply again.', cause },
      )
    }
  }
  if (bytes.length > limit)
    throw new PromptsError('too_large', `${file} holds more than ${Math.round(limit / 2 ** 20)} MiB`, { hint: 'Save fewer steps.' })
  return bytes.toString('utf8')
}
