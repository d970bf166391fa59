import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunEvent, RunRequest } from '../../contract/run.ts'
import { writeFileAtomically } from '../../files/atomic-file.ts'
import { appendEvent, readEvents, readTextIfThere } from './event-log.ts'
import { oneByOne } from './one-by-one.ts'
import { diagnosisOf, type RecordType, readable, readRecord, requestOf, stageOf, stampedRecord } from './run-layout.ts'
import { checkRunName, checkStageName, isRunName, tenantPart } from './run-names.ts'
import type { ShardingMemory } from './sharding-memory.ts'
import { newIdentity, readIdentity } from './store-identity.ts'

/**
 * Sharding Memory in a folder: `runs/RUN/{request.json, events.jsonl, stages/NAME.json, diagnosis.json}` and, to list a tenant's
 * runs, `tenants/TENANT.jsonl`. Whole files are replaced atomically; events are only ever added.
 * @throws PromptsError `unknown_run` for a name that cannot be a run's.
 */
export function createFileMemory(options: { folder: string; now?: () => Date }): ShardingMemory {
  const now = options.now ?? (() => new Date())
  const folderOf = (run: string) => join(options.folder, 'runs', checkRunName(run))
  const stagePath = (run: string, stage: string) => join(folderOf(run), 'stages', `${checkStageName(stage)}.json`)
  const tenantPath = (tenant: string) => join(options.folder, 'tenants', `${tenantPart(tenant)}.jsonl`)
  const openPath = (run: string) => join(options.folder, 'open', checkRunName(run))
  const identityPath = join(options.folder, 'store.json')
  const append = oneByOne(async (run, event: Omit<RunEvent, 'at'>) =>
    appendEvent(join(folderOf(run), 'events.jsonl'), { at: now().toISOString(), ...event }),
  )
  const request = (run: string) => read(join(folderOf(run), 'request.json'), requestOf(run))

  return {
    append,
    request,
    async identity() {
      await mkdir(options.folder, { recursive: true, mode: 0o700 })
      // of several processes that start at once one makes it
      await writeFile(identityPath, newIdentity(), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      return readIdentity((await readTextIfThere(identityPath)) ?? '', options.folder)
    },
    async begin(wanted) {
      if ((await request(wanted.run)) !== null) return
      if (wanted.thread !== null) await writeFileAtomically(openPath(wanted.run), '')
      await mkdir(join(options.folder, 'tenants'), { recursive: true, mode: 0o700 })
      await appendFile(tenantPath(wanted.tenant), `${JSON.stringify({ run: wanted.run })}\n`)
      await writeFileAtomically(join(folderOf(wanted.run), 'request.json'), pretty(stampedRecord(wanted)))
      await append(wanted.run, { kind: 'request', name: wanted.subject.kind, data: wanted })
    },
    stageResult: (run, stage) => read(stagePath(run, stage), stageOf(run, stage)),
    async saveStage(run, stage, result) {
      await writeFileAtomically(stagePath(run, stage), pretty(stampedRecord(result)))
    },
    async saveDiagnosis(run, diagnosis) {
      await writeFileAtomically(join(folderOf(run), 'diagnosis.json'), pretty(stampedRecord(diagnosis)))
    },
    diagnosis: (run) => read(join(folderOf(run), 'diagnosis.json'), diagnosisOf(run)),
    events: async (run) => readEvents(join(folderOf(run), 'events.jsonl')),
    async list({ tenant, limit }) {
      const lines = (await readTextIfThere(tenantPath(tenant)))?.split('\n').reverse() ?? []
      const found = new Map<string, RunRequest>()
      for (const line of lines) {
        if (found.size >= limit) break
        const run = runOfLine(line)
        if (run === null || found.has(run)) continue
        const one = await readable(request(run))
        if (one !== null && one.tenant === tenant) found.set(run, one)
      }
      return [...found.values()]
    },
    async open() {
      const runs = await readdir(join(options.folder, 'open')).catch(() => [])
      return (await Promise.all(runs.filter(isRunName).map((run) => readable(request(run))))).filter((one) => one !== null)
    },
    settle: (run) => rm(openPath(run), { force: true }),
    async delete(run) {
      const asked = await readable(request(run))
      await rm(folderOf(run), { recursive: true, force: true })
      await rm(openPath(run), { force: true })
      if (asked === null) return
      const lines = ((await readTextIfThere(tenantPath(asked.tenant))) ?? '').split('\n')
      const left = lines.filter((line) => line !== '' && runOfLine(line) !== run)
      await writeFileAtomically(tenantPath(asked.tenant), left.map((line) => `${line}\n`).join(''))
    },
  }
}

function runOfLine(line: string): string | null {
  try {
    const run = (JSON.parse(line) as { run?: unknown }).run
    return typeof run === 'string' && isRunName(run) ? run : null
  } catch {
    return null
  }
}

async function read<T>(path: string, type: RecordType<T>): Promise<T | null> {
  const text = await readTextIfThere(path)
  return text === null ? null : readRecord(text, type)
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
