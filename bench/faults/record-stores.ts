import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Redis } from 'ioredis'
import { startBucket } from './bucket.ts'
import { type Question, Stage } from './stage.ts'

/**
 * `bin/node bench/faults/record-stores.ts FOLDER`: what the product of this version leaves in each of its stores, for
 * test/fixtures/stores: a diagnosis that was adopted and asked about, in one process, and over Redis and a bucket, where a second
 * question waits for a worker. Recorded once a version; later ones must read it.
 */
const target = process.argv[2]
if (target === undefined) throw new Error('to which folder?')
mkdirSync(target, { recursive: true })
const write = (name: string, value: unknown) => writeFileSync(join(target, name), gzipSync(JSON.stringify(value), { level: 9 }))

async function converse(stage: Stage): Promise<Question> {
  const question = await stage.ask()
  if (!(await stage.settle(60))) throw new Error('not answered')
  const { channel, ts } = question
  const [, card] = await stage.slack.answers(channel, ts)
  await stage.forwarder.react({ person: 1, channel, ts: card!.ts, name: 'one' })
  await stage.until(30, async () => (await stage.read(question)).includes('adopted card 1'))
  await stage.forwarder.say({ person: 0, channel, text: 'why not model=8?', threadTs: ts })
  await stage.until(30, async () => /model=8/.test(await stage.read(question)))
  return question
}

/** A table's rows as statements. */
function dump(path: string, rows: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true, allowExtension: true })
  const made = db.prepare("select sql from sqlite_schema where sql is not null and name not like 'words_%'").all()
  const [version] = Object.values(db.prepare('pragma user_version').get() ?? {})
  const found = db.prepare(rows).all() as Record<string, unknown>[]
  db.close()
  const literal = (value: unknown) => {
    if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
    return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
  }
  const table = /from (\w+)/.exec(rows)?.[1]
  const inserts = found.map((row) => `insert into ${table} values (${Object.values(row).map(literal).join(', ')})`)
  return [...made.map(({ sql }) => String(sql)), ...inserts, `pragma user_version = ${version}`]
}

async function recordAlone(): Promise<void> {
  const stage = await Stage.open()
  const server = await stage.serve()
  await converse(stage)
  await server.end('SIGTERM')
  const names = ['runs', 'tenants'].flatMap((folder) =>
    readdirSync(join(stage.home, folder), { recursive: true }).map((name) => join(folder, String(name))),
  )
  const files = names.filter((name) => statSync(join(stage.home, name)).isFile())
  write('alone.json.gz', {
    recordedAt: Date.now(),
    files: Object.fromEntries(files.map((name) => [name, readFileSync(join(stage.home, name), 'utf8')])),
    state: dump(join(stage.home, 'state.db'), 'select * from entries'),
    library: dump(join(stage.home, 'library.sqlite'), "select * from entries where tenant != 'public'"),
  })
  await stage.close()
}

type Value = string | string[] | Record<string, string>

async function valueAt(redis: Redis, key: string): Promise<{ type: string; value: Value }> {
  const type = await redis.type(key)
  if (type === 'string') return { type, value: (await redis.get(key)) ?? '' }
  if (type === 'hash') return { type, value: await redis.hgetall(key) }
  if (type === 'zset') return { type, value: await redis.zrange(key, '0', '-1', 'WITHSCORES') }
  if (type === 'list') return { type, value: await redis.lrange(key, 0, -1) }
  if (type === 'set') return { type, value: await redis.smembers(key) }
  return { type, value: [] }
}

async function recordShared(): Promise<void> {
  const stage = await Stage.open()
  const server = await stage.startRedis()
  const bucket = await startBucket(stage)
  const { env } = bucket
  const bot = await stage.serve({ env })
  const worker = await stage.worker({ env })
  await converse(stage)
  await worker.end('SIGTERM')
  await stage.ask()
  await stage.until(10, async () => (await bucket.objects()).filter((key) => key.endsWith('/request.json')).length === 2)
  await bot.end('SIGTERM')
  const s3 = new S3Client({ endpoint: `http://127.0.0.1:${bucket.port}`, forcePathStyle: true, region: 'us-east-1' })
  const objects: Record<string, string> = {}
  for (const Key of await bucket.objects()) {
    objects[Key.replace(/^bot\//, '')] =
      (await (await s3.send(new GetObjectCommand({ Bucket: 'runs', Key }))).Body?.transformToString()) ?? ''
  }
  const redis = new Redis(server.url)
  const keys = (await redis.keys('*')).sort()
  const entries = Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await valueAt(redis, key)] as const)))
  write('shared.json.gz', { recordedAt: Date.now(), objects, entries })
  redis.disconnect()
  await stage.close()
}

await recordAlone()
await recordShared()
