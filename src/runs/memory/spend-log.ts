import { appendFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SpendLog } from '../../agents/deps.ts'
import { readTextIfThere } from './event-log.ts'

/** What a tenant's model calls cost, day by day (UTC): `spend/DATE/TENANT.txt`, a number a line. */
export function createSpendLog(options: { folder: string; now: () => Date }): SpendLog {
  const path = (tenant: string) =>
    join(options.folder, 'spend', options.now().toISOString().slice(0, 10), `${encodeURIComponent(tenant).replaceAll('.', '%2E')}.txt`)
  return {
    async today(tenant) {
      const lines = (await readTextIfThere(path(tenant)))?.split('\n') ?? []
      return lines.map(Number).reduce((sum, usd) => sum + (Number.isFinite(usd) ? usd : 0), 0)
    },
    async add(tenant, usd) {
      if (!(usd > 0)) return
      await mkdir(dirname(path(tenant)), { recursive: true })
      await appendFile(path(tenant), `${usd}\n`)
    },
  }
}
