import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { mlflowSource } from '../../../src/experiment/sources/mlflow/mlflow-source.ts'
import { parseServerAddress } from '../../../src/experiment/sources/server-address.ts'
import { findPython, lacks, needing } from '../../support/needs.ts'
import { answers, freePort, type RunningServer, startServer } from '../../support/start-server.ts'

const signal = new AbortController().signal
// its login hashes the password anew for every request
vi.setConfig({ testTimeout: 240_000 })
const password = 'a-password-of-16'
const thousands = 4000

/** Fills the server's database beside it, as years of a team would: thousands of runs in a thousand and more experiments. */
const filling = `
import sqlite3, sys, uuid
db = sqlite3.connect(sys.argv[1]); count = int(sys.argv[2])
columns = lambda table: [row[1] for row in db.execute(f"pragma table_info({table})")]
def insert(table, rows):
    names = [name for name in rows[0] if name in columns(table)]
    db.executemany(f"insert into {table} ({','.join(names)}) values ({','.join('?' * len(names))})", [[row[name] for name in names] for row in rows])
workspace = db.execute("select workspace from experiments").fetchone()[0] if "workspace" in columns("experiments") else None
insert("experiments", [dict(experiment_id=n, name=f"team-{n}", artifact_location=f"mlflow-artifacts:/{n}", lifecycle_stage="active", creation_time=n, last_update_time=n, workspace=workspace) for n in range(10, 1210)])
runs = []; tags = []; params = []
for n in range(count):
    run = uuid.UUID(int=n + 1).hex
    runs.append(dict(run_uuid=run, name=f"llama-{n}", source_type="LOCAL", source_name="", entry_point_name="", user_id="me", status="FINISHED", start_time=n * 1000, end_time=n * 1000 + 500, deleted_time=None, source_version="", lifecycle_stage="active", artifact_uri=f"mlflow-artifacts:/{run}/artifacts", experiment_id=10 + n % 1200))
    tags.append(dict(key="mlflow.runName", value=f"llama-{n}", run_uuid=run))
    params += [dict(key=key, value=value, run_uuid=run) for key, value in [("model", "llama2-7b"), ("phase", "train"), ("hardware.chip", "v5e"), ("hardware.topology", "4x4"), ("run.global_batch", "64"), ("run.seq_len", "2048"), ("mesh.data", "16")]]
insert("runs", runs); insert("tags", tags); insert("params", params)
db.commit()
`

describe.skipIf(lacks('mlflow', 'mlflow-auth'))(
  needing('an MLflow server with its own login and thousands of runs', 'mlflow', 'mlflow-auth'),
  () => {
    let root = ''
    let server: RunningServer
    let pids: number[] = []
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'prompts-mlflow-auth-'))
      const python = findPython('mlflow')!
      const port = await freePort()
      const login = ['[mlflow]', 'default_permission = READ', `database_uri = sqlite:///${join(root, 'auth.db')}`, 'admin_username = admin']
      writeFileSync(
        join(root, 'auth.ini'),
        [...login, `admin_password = ${password}`, 'authorization_function = mlflow.server.auth:authenticate_request_basic_auth', ''].join(
          '\n',
        ),
      )
      server = await startServer({
        command: [
          ...[
            python,
            '-m',
            'mlflow',
            'server',
            '--host',
            '127.0.0.1',
            '--port',
            String(port),
            '--workers',
            '1',
            '--app-name',
            'basic-auth',
          ],
          ...['--backend-store-uri', `sqlite:///${join(root, 'mlflow.db')}`, '--artifacts-destination', join(root, 'artifacts')],
        ],
        port,
        env: { MLFLOW_AUTH_CONFIG_PATH: join(root, 'auth.ini'), MLFLOW_FLASK_SERVER_SECRET_KEY: 'for-this-test' },
        ready: (p) => answers(`http://127.0.0.1:${p}/health`),
        deadlineMs: 200_000,
      })
      const filled = spawnSync(python, ['-c', filling, join(root, 'mlflow.db'), String(thousands)], { encoding: 'utf8', timeout: 100_000 })
      if (filled.status !== 0) throw new Error(filled.stderr)
      pids = processesAt(port)
    }, 320_000)
    afterAll(async () => {
      await server?.stop()
      rmSync(root, { recursive: true, force: true })
    })
    const source = (env: Record<string, string>, userinfo = '') =>
      mlflowSource({
        server: parseServerAddress(`mlflow+http://${userinfo}127.0.0.1:${server.port}`, 'mlflow', readConfig(env)),
        cacheRoot: join(root, 'cache'),
        index: null,
      })
    const right = { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: password }

    it('is read with the user and password of the settings or of the address', async () => {
      expect((await source(right).find('llama-7', signal))?.experiment).toMatchObject({ id: 'llama-7', mesh: { data: 16 } })
      expect((await source({}, `admin:${password}@`).find('llama-7', signal))?.experiment?.id).toBe('llama-7')
    })

    it('refuses without them or with others, and never shows them', async () => {
      for (const [env, userinfo] of [
        [{}, ''],
        [{ MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: 'wrong-and-secret' }, ''],
        [{}, 'admin:wrong-and-secret@'],
      ] as const) {
        const error = await source(env, userinfo)
          .find('llama-7', signal)
          .then(
            () => null,
            (thrown: Error & { hint?: string }) => thrown,
          )
        expect(error?.message).toContain('credentials')
        expect(`${error?.message} ${error?.hint}`).not.toContain('wrong-and-secret')
      }
    })

    it('finds one of thousands in under two seconds of what it and the server compute', async () => {
      const client = source(right)
      for (const id of [`llama-${thousands - 1}`, 'llama-0', 'llama-no-such-run']) {
        // seconds of processor time: a loaded machine takes longer by the clock
        const before = processorSeconds(pids)
        const found = await client.find(id, signal)
        expect(found === null).toBe(id === 'llama-no-such-run')
        expect(processorSeconds(pids) - before).toBeLessThan(2)
      }
    })
  },
)

/** The processes of the server: the one that was started, and its workers. */
function processesAt(port: number): number[] {
  const listed = spawnSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).stdout.split('\n')
  const main = listed
    .filter((line) => line.includes(`--port ${port}`) || line.includes(`127.0.0.1:${port}`))
    .map((line) => Number.parseInt(line, 10))
  const all = spawnSync('ps', ['-eo', 'pid,ppid'], { encoding: 'utf8' })
    .stdout.split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const family = new Set(main)
  for (let round = 0; round < 4; round++) for (const [pid, parent] of all) if (pid && parent && family.has(parent)) family.add(pid)
  return [...family]
}

/** Processor time of this process and of others, seconds. */
function processorSeconds(pids: readonly number[]): number {
  const ticks = pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return sum + Number(stat[11] ?? 0) + Number(stat[12] ?? 0)
  }, 0)
  const { user, system } = process.cpuUsage()
  return ticks / 100 + (user + system) / 1e6
}
