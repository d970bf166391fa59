import { stringify } from 'yaml'
import { exitCodes, PromptsError } from '../errors.ts'
import { appManifest } from '../slack/manifest.ts'
import type { Command } from './command.ts'

export const command: Command = {
  name: 'manifest',
  usage: 'manifest [--url https://…] [--oauth] [--json]',
  summary: "the Slack app's manifest: Socket Mode, or HTTP with --url",
  options: {
    url: { type: 'string', meaning: 'the public address of this server' },
    oauth: { type: 'boolean', meaning: 'with --url: for many workspaces' },
    json: { type: 'boolean', meaning: 'print it as JSON' },
  },
  positionals: { min: 0, max: 0 },
  async run({ flags, print }) {
    const url = typeof flags['url'] === 'string' ? flags['url'] : undefined
    if (url !== undefined && !/^https:\/\/[^\s/]+/.test(url))
      throw new PromptsError('bad_arguments', `--url is "${url}"`, { hint: 'Slack calls a public https:// address.' })
    if (flags['oauth'] && url === undefined)
      throw new PromptsError('bad_arguments', '--oauth needs --url', { hint: 'Slack redirects to it after an installation.' })
    const manifest = appManifest({ ...(url === undefined ? {} : { url }), oauth: flags['oauth'] === true })
    print(flags['json'] ? JSON.stringify(manifest) : stringify(manifest, { lineWidth: 120 }).trimEnd())
    return exitCodes.ok
  },
}
