/**
 * One anti-pattern from a profile to a proposal with its compiled effect, in the sandbox: `bin/node
 * bench/agents/anti-pattern.ts`. Compiles a job that reduces its gradients in every microbatch, writes a profile with that
 * module's graph and replayed times, asks for a diagnosis in the sandbox with the compiler on, waits for what it says of the
 * setting, and takes its picture. Compilations are kept, so that it may be stopped and started again.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { stringify } from 'yaml'
import { openSlack } from '../../src/cli/open-slack.ts'
import { createCompiler } from '../../src/compiler/compiler.ts'
import { replayOnSlice, studyModule } from '../../src/compiler/study-module.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { experimentSchema } from '../../src/contract/experiment.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { readHloModule } from '../../src/hlo/read-module.ts'
import type { Replay } from '../../src/hlo/replay.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { silentLog } from '../../src/slack/log.ts'
import { openBrowser } from '../../test/support/browser.ts'
import { fastClock } from '../../test/support/fast-clock.ts'
import { type Item, syntheticProfile } from '../../test/support/synthetic-profile.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const runs = join(root, '.prompts', 'anti-pattern')
const minutes = 60
const experiment = experimentSchema.parse({
  id: 'small-microbatches',
  framework: 'jax',
  phase: 'train',
  hardware: { chip: 'v6e', topology: 'v6e-4' },
  model: { layers: 16, embed: 2048, mlp: 8192, heads: 32, kv_heads: 8, head_dim: 64, vocab: 32_000 },
  mesh: { replica: 2, data: 2 },
  run: { global_batch: 16, seq_len: 2048, remat: 'full', microbatches: 4 },
})

const folder = join(runs, experiment.id)
mkdirSync(folder, { recursive: true })
const config = readConfig({ ...process.env, PROMPTS_EXPERIMENTS: runs, PROMPTS_COMPILER_TIMEOUT_SECONDS: String(minutes * 60) })
await writeProfile()
writeFileSync(join(folder, 'experiment.yaml'), stringify({ ...experiment, profile: 'profile' }))
await askInTheSandbox()

/** The compiled module of what ran, as a profile of it would hold it, with each op as long as its replay. */
async function writeProfile(): Promise<void> {
  const workload = resolveWorkload(experiment, openCatalog(undefined))
  const compiler = createCompiler({
    ...{ home: config.PROMPTS_HOME, python: config.PROMPTS_COMPILER_PYTHON ?? null, processes: 1, memoryGib: 12 },
    ...{ timeoutMs: minutes * 60_000, maxtextCommand: null, study: studyModule },
  })
  const ran = verdictOfMesh(workload, experiment.mesh!, {})
  const { hloPath, verdict } = await compiler.compile(workload, ran, { full: true, signal: new AbortController().signal })
  if (hloPath === null) throw new Error(`the job does not compile: ${verdict.message}`)
  const bytes = gunzipSync(readFileSync(hloPath))
  const replay = replayOnSlice(readHloModule(bytes), { chip: workload.chip, slice: workload.slice, mesh: experiment.mesh! })!
  const step = replay.parts.filter(({ ms }) => ms > 0).map(itemOf)
  const { bf16_tflops: tflops, hbm_gbps: hbmGbps } = workload.chip
  const profile = syntheticProfile({
    ...{
      hostname: 'synthetic-profile',
      note: 'synthetic: the replay of a compiled program, not measured on a TPU',
      cores: 4,
      steps: 6,
      step,
    },
    ...{ chip: { type: 'TPU v6 lite', tflops, hbmGbps }, program: 'jit_train_step', programId: 1n, jitter: 0.01 },
    hlo: [{ name: 'jit_train_step(1)', bytes: hloProto(bytes) }],
  })
  const session = join(folder, 'profile', 'plugins', 'profile', '2026_01_01_00_00_00')
  mkdirSync(session, { recursive: true })
  writeFileSync(join(session, 'host.xplane.pb.gz'), gzipSync(profile))
}

function itemOf({ name, kind, ms }: Replay['parts'][number]): Item {
  const category =
    kind === 'communication' ? name.replace(/[.\d]+$/, '') || 'all-reduce' : kind === 'compute' ? 'convolution' : 'loop fusion'
  return { op: { name, category, us: ms * 1000, ...(kind === 'communication' ? {} : { flops: ms * 1e9 * 400, bytes: ms * 5e8 }) } }
}

/** An HloProto around a module: field 1, a message. */
function hloProto(module: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let rest = module.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest)
    if (rest <= 127) break
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), module])
}

async function askInTheSandbox(): Promise<void> {
  const openDeps = (own: Config) =>
    openSlack(
      { ...own, PROMPTS_COMPILER: config.PROMPTS_COMPILER, PROMPTS_COMPILER_TIMEOUT_SECONDS: minutes * 60 },
      { log: silentLog, signal: new AbortController().signal, clock: fastClock(5) },
    )
  const sandbox = await startSandbox({ config, port: 0, openDeps })
  const browser = await openBrowser()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.setDefaultTimeout(minutes * 60_000)
    await page.goto(sandbox.url)
    await page.locator('#composer').fill(`@prompts diagnose ${experiment.id}`)
    await page.locator('#composer').press('Enter')
    const answer = page.locator('#replies > li', { hasText: 'Besides the mesh' }).last()
    await answer.waitFor()
    await answer.scrollIntoViewIfNeeded()
    await page.waitForTimeout(1000)
    console.log(await answer.textContent())
    const file = join(root, 'docs', 'pictures', 'anti-pattern.png')
    writeFileSync(file, await page.locator('#thread').screenshot())
    console.log('docs/pictures/anti-pattern.png')
  } finally {
    await browser.close()
    await sandbox.stop()
  }
}
