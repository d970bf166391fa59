import { randomUUID } from 'node:crypto'
import { appendFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SpendLog } from '../../agents/deps.ts'
import type { BlobStore } from './blob-store.ts'
import { readTextIfThere } from './event-log.ts'
import { tenantPart } from './run-names.ts'

/** What a tenant's model calls cost, day by day (UTC): `spend/DATE/TENANT.txt`, a number a line. */
export function createSpendLog(options: { folder: string; now: () => Date }): SpendLog {
  const path = (tenant: string) => join(options.folder, 'spend', options.now().toISOString().slice(0, 10), `${tenantPart(tenant)}.txt`)
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

/** The same in object storage: an object a call, whose name holds the amount. */
export function createObjectSpendLog({ blobs, now }: { blobs: BlobStore; now: () => Date }): SpendLog {
  const prefix = (tenant: string) => `spend/${now().toISOString().slice(0, 10)}/${tenantPart(tenant)}/`
  return {
    async today(tenant) {
      const under = prefix(tenant)
      const amounts = (await blobs.list(under, 100_000)).map((key) => Number(key.slice(under.length).split('-')[0]))
      return amounts.reduce((sum, usd) => sum + (Number.isFinite(usd) ? usd : 0), 0)
    },
    async add(tenant, usd) {
      if (usd > 0) await blobs.put(`${prefix(tenant)}${usd.toFixed(9)}-${randomUUID()}`, '{}')
    },
  }
}
