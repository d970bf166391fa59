import { defaultLimits } from '../../profile/limits.ts'
import { readBytes, readText, request } from './http.ts'
import { type ServerAddress, serverUrl } from './server-address.ts'

/** Where XProf's plugin answers, below the server's base path. */
export const xprofApi = 'data/plugin/profile'

const maxListBytes = 2 ** 20
/** Programs of a run that are fetched, what looks like a step first: it says more than those that prepare it. */
const maxPrograms = 4
const programsMs = 20_000
const stepNames = /train|step|decode|prefill|generate|forward|infer/i

/** The compiled programs (HloProto) of an XProf server's run; none where it has none. @throws PromptsError `unavailable` */
export async function xprofPrograms(server: ServerAddress, run: string, signal: AbortSignal): Promise<Uint8Array[]> {
  const { name, headers } = server
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(programsMs)])
  const listed = await request(serverUrl(server, `${xprofApi}/module_list`, { run }), name, inTime, { headers })
  const names = listed.ok ? (await readText(listed, name, maxListBytes)).split(',').map((one) => one.trim()) : []
  const wanted = names
    .filter((one) => one !== '')
    .sort((a, b) => Number(stepNames.test(b)) - Number(stepNames.test(a)))
    .slice(0, maxPrograms)
  const programs = await Promise.all(wanted.map((module) => programOf(server, { run, module }, inTime)))
  return programs.filter((program) => program !== null)
}

async function programOf(
  server: ServerAddress,
  { run, module }: { run: string; module: string },
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const { name, headers } = server
  const query = { run, tag: 'graph_viewer', module_name: module, type: 'pb' }
  const response = await request(serverUrl(server, `${xprofApi}/data`, query), name, signal, { headers })
  return response.ok ? readBytes(response, defaultLimits.hloBytes) : null
}
