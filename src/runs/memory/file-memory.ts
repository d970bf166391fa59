import { appendFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Diagnosis, diagnosisSchema } from '../../contract/diagnosis.ts'
import { type RunEvent, type RunRequest, runRequestSchema } from '../../contract/run.ts'
import { PromptsError } from '../../errors.ts'
import { writeFileAtomically } from '../../files/atomic-file.ts'
import { appendEvent, readEvents, readTextIfThere } from './event-log.ts'
import type { ShardingMemory } from './sharding-memory.ts'

const runName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const stageName = /^[a-z][a-z0-9_-]{0,63}$/

/**
 * Sharding Memory in a folder: `runs/RUN/{request.json, events.jsonl, stages/NAME.json, diagnosis.json}` and, to list a tenant's runs,
 * `tenants/TENANT.jsonl`. Whole files are replaced atomically; events are only ever added.
 * @throws PromptsError `unknown_run` for a name that cannot be a run's.
 */
export function createFileMemory(options: { folder: string; now?: () => Date }): ShardingMemory {
  const now = options.now ?? (() => new Date())
  const folderOf = (run: string) => {
    if (!runName.test(run)) throw new PromptsError('unknown_run', `"${run.slice(0, 80)}" is not the name of a run.`)
    return join(options.folder, 'runs', run)
  }
  const stagePath = (run: string, stage: string) => {
    if (!stageName.test(stage)) throw new PromptsError('internal', `"${stage}" cannot name a stage.`)
    return join(folderOf(run), 'stages', `${stage}.json`)
  }
  const tenantPath = (tenant: string) => join(options.folder, 'tenants', `${encodeURIComponent(tenant).replaceAll('.', '%2E')}.jsonl`)
  const append = async (run: string, event: Omit<RunEvent, 'at'>) =>
    appendEvent(join(folderOf(run), 'events.jsonl'), { at: now().toISOString(), ...event })
  const request = async (run: string) => readJson(join(folderOf(run), 'request.json'), (value) => runRequestSchema.parse(value))

  return {
    append,
    request,
    async begin(wanted) {
      if ((await request(wanted.run)) !== null) return
      await mkdir(join(options.folder, 'tenants'), { recursive: true })
      await appendFile(tenantPath(wanted.tenant), `${JSON.stringify({ run: wanted.run })}\n`)
      await writeFileAtomically(join(folderOf(wanted.run), 'request.json'), pretty(wanted))
      await append(wanted.run, { kind: 'request', name: wanted.subject.kind, data: wanted })
    },
    stageResult: async (run, stage) => readJson(stagePath(run, stage), (value) => value),
    async saveStage(run, stage, result) {
      await writeFileAtomically(stagePath(run, stage), pretty(result))
    },
    async saveDiagnosis(run, diagnosis) {
      await writeFileAtomically(join(folderOf(run), 'diagnosis.json'), pretty(diagnosis))
    },
    diagnosis: async (run) => readJson<Diagnosis>(join(folderOf(run), 'diagnosis.json'), (value) => diagnosisSchema.parse(value)),
    events: async (run) => readEvents(join(folderOf(run), 'events.jsonl')),
    async list({ tenant, limit }) {
      const lines = (await readTextIfThere(tenantPath(tenant)))?.split('\n').reverse() ?? []
      const found = new Map<string, RunRequest>()
      for (const line of lines) {
        if (found.size >= limit) break
        const run = runOfLine(line)
        if (run === null || found.has(run)) continue
        const one = await request(run)
        if (one !== null && one.tenant === tenant) found.set(run, one)
      }
      return [...found.values()]
    },
    async delete(run) {
      await rm(folderOf(run), { recursive: true, force: true })
    },
  }
}

function runOfLine(line: string): string | null {
  try {
    const run = (JSON.parse(line) as { run?: unknown }).run
    return typeof run === 'string' && runName.test(run) ? run : null
  } catch {
    return null
  }
}

async function readJson<T>(path: string, parse: (value: unknown) => T): Promise<T | null> {
  const text = await readTextIfThere(path)
  return text === null ? null : parse(JSON.parse(text))
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
