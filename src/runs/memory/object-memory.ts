import type { RunEvent, RunRequest } from '../../contract/run.ts'
import { PromptsError } from '../../errors.ts'
import type { BlobStore } from './blob-store.ts'
import { parseEvent } from './event-log.ts'
import { oneByOne } from './one-by-one.ts'
import { diagnosisOf, type RecordType, readable, readRecord, requestOf, stageOf, stampedRecord } from './run-layout.ts'
import { checkRunName, checkStageName, tenantPart } from './run-names.ts'
import type { ShardingMemory } from './sharding-memory.ts'
import { newIdentity, readIdentity } from './store-identity.ts'

/** Events of so many runs are remembered: they never change once they are written. */
const rememberedRuns = 200
const mostEvents = 10_000
/** Writers of one run that may meet at one number before something is wrong. */
const appendTries = 50
const lastMs = 8_640_000_000_000_000

/**
 * Sharding Memory in object storage, for any number of hosts: `runs/RUN/{request.json, stages/NAME.json, diagnosis.json}`, an
 * object an event under `runs/RUN/events/`, numbered by who comes first, and indexes `tenants/T/` (newest first) and `open/`.
 * @throws PromptsError as the store.
 */
export function createObjectMemory({ blobs, now = () => new Date() }: { blobs: BlobStore; now?: () => Date }): ShardingMemory {
  const known = new Map<string, Map<string, RunEvent>>()
  const at = (run: string, rest: string) => `runs/${checkRunName(run)}/${rest}`
  const eventKey = (run: string, number: number) => at(run, `events/${String(number).padStart(6, '0')}.json`)
  const read = async <T>(key: string, type: RecordType<T>): Promise<T | null> => {
    const text = await blobs.get(key)
    return text === null ? null : readRecord(text, type)
  }
  const request = (run: string) => read(at(run, 'request.json'), requestOf(run))
  const stageKey = (run: string, stage: string) => at(run, `stages/${checkStageName(stage)}.json`)
  const eventKeys = (run: string) => blobs.list(at(run, 'events/'), mostEvents)

  function remembered(run: string): Map<string, RunEvent> {
    const found = known.get(run) ?? new Map<string, RunEvent>()
    known.delete(run)
    known.set(run, found)
    if (known.size > rememberedRuns) known.delete(known.keys().next().value!)
    return found
  }

  /** The number that a new event gets is the first that nobody has: the store decides between writers. */
  async function write(run: string, said: Omit<RunEvent, 'at'>): Promise<void> {
    const event: RunEvent = { at: now().toISOString(), ...said }
    const own = remembered(run)
    let number = own.size
    for (let tries = 0; tries < appendTries; tries += 1) {
      const key = eventKey(run, number)
      if (!own.has(key) && (await blobs.putIfAbsent(key, JSON.stringify(event)))) {
        own.set(key, event)
        return
      }
      number = tries === 0 ? Math.max(number + 1, (await eventKeys(run)).length) : number + 1
    }
    throw new PromptsError('unavailable', `An event of ${run} could not be written: too many write at once`, { hint: 'Try again.' })
  }

  /** One after the other in this process, so that only other processes can be met. */
  const append = oneByOne(write)

  async function events(run: string): Promise<RunEvent[]> {
    const own = remembered(run)
    const keys = await eventKeys(run)
    await Promise.all(
      keys.map(async (key) => {
        if (own.has(key)) return
        const event = parseEvent((await blobs.get(key)) ?? '')
        if (event !== null) own.set(key, event)
      }),
    )
    return keys.map((key) => own.get(key)).filter((event) => event !== undefined)
  }

  return {
    append,
    events,
    request,
    async identity() {
      const stored = await blobs.get('store.json')
      if (stored === null) await blobs.putIfAbsent('store.json', newIdentity())
      return readIdentity(stored ?? (await blobs.get('store.json')) ?? '', blobs.name)
    },
    async begin(wanted) {
      const { run, tenant, thread } = wanted
      if ((await request(run)) !== null) return
      const age = String(lastMs - (Date.parse(wanted.at) || 0)).padStart(16, '0')
      await blobs.put(`tenants/${tenantPart(tenant)}/${age}-${checkRunName(run)}`, '{}')
      if (thread !== null) await blobs.put(`open/${run}`, '{}')
      if (await blobs.putIfAbsent(at(run, 'request.json'), JSON.stringify(stampedRecord(wanted))))
        await append(run, { kind: 'request', name: wanted.subject.kind, data: wanted })
    },
    async open() {
      const runs = (await blobs.list('open/', 5000)).map((key) => key.slice('open/'.length))
      return (await Promise.all(runs.map((run) => readable(request(run))))).filter((one) => one !== null)
    },
    settle: (run) => blobs.delete([`open/${checkRunName(run)}`]),
    stageResult: (run, stage) => read(stageKey(run, stage), stageOf(run, stage)),
    saveStage: (run, stage, result) => blobs.put(stageKey(run, stage), JSON.stringify(stampedRecord(result))),
    saveDiagnosis: (run, diagnosis) => blobs.put(at(run, 'diagnosis.json'), JSON.stringify(stampedRecord(diagnosis))),
    diagnosis: (run) => read(at(run, 'diagnosis.json'), diagnosisOf(run)),
    async list({ tenant, limit }) {
      const prefix = `tenants/${tenantPart(tenant)}/`
      const keys = await blobs.list(prefix, limit)
      const found = await Promise.all(keys.map((key) => readable(request(key.slice(prefix.length + 17)))))
      return found.filter((one): one is RunRequest => one !== null && one.tenant === tenant)
    },
    async delete(run) {
      const asked = await readable(request(run))
      known.delete(run)
      const keys = await blobs.list(at(run, ''), mostEvents)
      const index =
        asked === null ? [] : (await blobs.list(`tenants/${tenantPart(asked.tenant)}/`, 100_000)).filter((key) => key.endsWith(`-${run}`))
      await blobs.delete([...keys, ...index, `open/${run}`])
    },
  }
}
