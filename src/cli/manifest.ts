import { stringify } from 'yaml'
import { exitCodes, PromptsError } from '../errors.ts'
import { appManifest } from '../slack/manifest.ts'
import type { Run } from './command.ts'

export const run: Run<'manifest'> = async ({ flags, show }) => {
  const { url } = flags
  if (url !== undefined && !/^https:\/\/[^\s/]+/.test(url))
    throw new PromptsError('bad_arguments', `--url is "${url}"`, { hint: 'Slack calls a public https:// address.' })
  if (flags.oauth && url === undefined)
    throw new PromptsError('bad_arguments', '--oauth needs --url', { hint: 'Slack redirects to it after an installation.' })
  const manifest = appManifest({ ...(url === undefined ? {} : { url }), oauth: flags.oauth })
  show(manifest, (shown) => stringify(shown, { lineWidth: 120 }).trimEnd())
  return exitCodes.ok
}
