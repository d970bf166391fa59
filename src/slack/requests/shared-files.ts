import type { WebClient } from '@slack/web-api'
import { PromptsError } from '../../errors.ts'
import { maxExperimentBytes } from '../../experiment/parse-experiment.ts'
import type { MessageEvent } from '../listeners/payloads.ts'

/** A file that came with a message, as Slack's events describe it. */
export interface SharedFile {
  name: string
  sizeBytes: number
  url: string
  /** Slack tells only that it is there: it belongs to another organization. */
  isHidden?: boolean
}

/**
 * What Slack says of files in a message. In channels shared with other organizations that is an id alone; then Slack is asked for
 * the rest.
 */
export async function sharedFiles(client: WebClient, files: NonNullable<MessageEvent['files']>): Promise<SharedFile[]> {
  return Promise.all(
    files.map(async (file) => {
      const url = file.url_private_download ?? file.url_private ?? ''
      const own = { name: file.name ?? 'file', sizeBytes: file.size ?? 0, url, isHidden: false }
      if (url !== '' || file.id === undefined || file.id === null) return own
      try {
        const { file: found } = await client.files.info({ file: file.id })
        const address = found?.url_private_download ?? found?.url_private ?? ''
        return { name: found?.name ?? own.name, sizeBytes: found?.size ?? 0, url: address, isHidden: address === '' }
      } catch {
        return { ...own, isHidden: true }
      }
    }),
  )
}

/** Whether a shared file may be an experiment. */
export function isExperimentFile(file: SharedFile): boolean {
  return /\.(?:ya?ml|json|txt)$/i.test(file.name) || !file.name.includes('.')
}

/**
 * Fetches a file that was shared with the bot. Only from Slack's own hosts (or those of the configured API): the token goes
 * nowhere else.
 * @throws PromptsError `too_large`, `outside_folder` for another host, `unavailable`.
 */
export async function fetchSharedFile(
  file: SharedFile,
  options: { token: string; apiUrl: string | undefined; signal: AbortSignal },
): Promise<string> {
  if (file.sizeBytes > maxExperimentBytes) throw tooLarge(file.name)
  if (file.isHidden === true) {
    throw new PromptsError('unavailable', `Slack does not let me see ${file.name}: it was shared from another organization`, {
      hint: 'Paste the experiment as a code block, or upload the file from this workspace.',
    })
  }
  const url = parseUrl(file.url)
  const own = options.apiUrl === undefined ? null : parseUrl(options.apiUrl)
  const trusted =
    url !== null && ((url.protocol === 'https:' && /(?:^|\.)slack(?:-files|-edge)?\.com$/.test(url.hostname)) || url.origin === own?.origin)
  if (url === null || !trusted) {
    throw new PromptsError('outside_folder', `${file.name} does not lie with Slack`, {
      hint: 'Upload the experiment to Slack, or paste it as a code block.',
    })
  }
  try {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${options.token}` }, redirect: 'error', signal: options.signal })
    if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`)
    // without the scope Slack answers with its sign-in page
    if (answer.headers.get('content-type')?.startsWith('text/html') === true) {
      throw new PromptsError('unavailable', `Slack does not let me read ${file.name}`, {
        hint: 'An admin checks that the app has the scope files:read; or paste the experiment as a code block.',
      })
    }
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of answer.body) {
      size += chunk.byteLength
      if (size > maxExperimentBytes) throw tooLarge(file.name)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } catch (cause) {
    if (cause instanceof PromptsError) throw cause
    throw new PromptsError('unavailable', `${file.name} could not be fetched from Slack`, {
      hint: 'Send it again, or paste it as a code block.',
      cause,
    })
  }
}

function tooLarge(name: string): PromptsError {
  return new PromptsError('too_large', `${name} is longer than ${maxExperimentBytes / 1024} KiB`, {
    hint: 'An experiment file is a page of YAML.',
  })
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}
