import type { Config } from '../../config.ts'
import { PromptsError } from '../../errors.ts'

/** A server of the operator's: where it is, and what is sent with every request. */
export interface ServerAddress {
  /** Ends in `/`; without user, password, query and fragment. */
  base: URL
  /** As messages name it; never with a credential. */
  name: string
  /** Never printed. */
  headers: Record<string, string>
  /** What stood behind `?` and `#`. */
  query: URLSearchParams
  fragment: string
}

type Kind = 'mlflow' | 'xprof' | 'jobset'

const names: Record<Kind, string> = { mlflow: 'MLflow server', xprof: 'XProf server', jobset: 'Kubernetes server' }

/**
 * Takes `mlflow+https://user:password@host/base` apart: the base path is kept, and user and password leave the address and go
 * along as Basic authorization. Otherwise the settings of the kind of server say what to send: MLflow's own variables, a header
 * for XProf.
 * @throws PromptsError `bad_config`; what it says holds no credential
 */
export function parseServerAddress(address: string, kind: Kind, config: Config): ServerAddress {
  let url: URL
  try {
    url = new URL(address.replace(/^[a-z]+\+/, ''))
  } catch {
    throw new PromptsError('bad_config', `An address of an ${names[kind]} in PROMPTS_EXPERIMENTS cannot be read`, {
      hint: `It is written ${kind}+https://host:port/base; a password's special characters as %40 and the like.`,
    })
  }
  const headers = { ...settingHeaders(kind, config), ...basicOf(decode(url.username), decode(url.password)) }
  const { searchParams: query, hash } = url
  const base = new URL(url.href)
  base.username = ''
  base.password = ''
  base.search = ''
  base.hash = ''
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return { base, name: `${names[kind]} ${base.origin}${base.pathname.replace(/\/$/, '')}`, headers, query, fragment: hash }
}

/** A path of the server's, below its base path. */
export function serverUrl(server: Pick<ServerAddress, 'base'>, path: string, query: Record<string, string> = {}): URL {
  const url = new URL(path.replace(/^\/+/, ''), server.base)
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
  return url
}

function settingHeaders(kind: Kind, config: Config): Record<string, string> {
  if (kind === 'xprof') return headerOf(config.PROMPTS_XPROF_HEADER)
  if (kind === 'jobset') return config.PROMPTS_JOBSET_TOKEN === undefined ? {} : { authorization: `Bearer ${config.PROMPTS_JOBSET_TOKEN}` }
  if (config.MLFLOW_TRACKING_TOKEN !== undefined) return { authorization: `Bearer ${config.MLFLOW_TRACKING_TOKEN}` }
  return basicOf(config.MLFLOW_TRACKING_USERNAME ?? '', config.MLFLOW_TRACKING_PASSWORD ?? '')
}

/** `Name: value`. */
function headerOf(text: string | undefined): Record<string, string> {
  if (text === undefined) return {}
  const match = /^([A-Za-z0-9-]+)\s*:\s*(\S[^\r\n]*)$/.exec(text)
  if (!match)
    throw new PromptsError('bad_config', 'PROMPTS_XPROF_HEADER is not a header', {
      hint: 'It is written Name: value, for example Authorization: Bearer TOKEN.',
    })
  return { [match[1]!.toLowerCase()]: match[2]! }
}

function basicOf(user: string, password: string): Record<string, string> {
  if (user === '' && password === '') return {}
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
