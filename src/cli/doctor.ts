import { resolve } from 'node:path'
import { askMaxText } from '../compiler/maxtext-program.ts'
import type { Config } from '../config.ts'
import { asPromptsError, exitCodes, PromptsError } from '../errors.ts'
import { createSources } from '../experiment/sources/create-sources.ts'
import { checkRedis } from '../redis/check-redis.ts'
import { silentLog } from '../slack/log.ts'
import type { Run } from './command.ts'
import { compilerOf, maxTextCommand } from './compile.ts'
import { formatTable } from './format/table.ts'

/** One line of the doctor's. `off` is not configured, which is fine; `broken` is configured and does not work. */
interface Finding {
  part: string
  state: 'ok' | 'off' | 'broken'
  detail: string
}

const deadlineMs = 15_000

export const run: Run<'doctor'> = async ({ config, show, signal }) => {
  const within = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
  const findings = (
    await Promise.all([
      nodeRuntime(),
      ...sources(config, within),
      compiler(config, within),
      maxtext(config, within),
      redis(config),
      library(config),
      gemini(config),
      slack(config),
    ])
  ).flat()
  show(findings, (shown) =>
    formatTable(
      ['part', 'state', 'detail'],
      shown.map(({ part, state, detail }) => [part, state, detail]),
    ),
  )
  return findings.some((finding) => finding.state === 'broken') ? exitCodes.unavailable : exitCodes.ok
}

/** A check that throws is a broken part, with the error's own words. */
async function check(part: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { part, state: 'ok', detail: await work() }
  } catch (thrown) {
    const error = asPromptsError(thrown)
    return { part, state: 'broken', detail: error.hint === '' ? error.message : `${error.message}. ${error.hint}` }
  }
}

const off = (part: string, detail: string): Finding => ({ part, state: 'off', detail })

async function nodeRuntime(): Promise<Finding> {
  return { part: 'Node', state: 'ok', detail: process.version }
}

function sources(config: Config, signal: AbortSignal): Promise<Finding>[] {
  return createSources(config).map((source) =>
    check(source.name, async () => {
      const runs = await source.list(10_000, signal)
      const first = runs.slice(0, 3).map((run) => run.id)
      return runs.length > 0 ? `${runs.length} runs: ${first.join(', ')}${runs.length > 3 ? ', …' : ''}` : 'no runs'
    }),
  )
}

async function compiler(config: Config, signal: AbortSignal): Promise<Finding> {
  if (config.PROMPTS_COMPILER === 'off') return off('TPU compiler', 'switched off by PROMPTS_COMPILER')
  const { ready, detail } = await compilerOf(config).status(signal)
  if (ready) return { part: 'TPU compiler', state: 'ok', detail }
  return config.PROMPTS_COMPILER_PYTHON
    ? { part: 'TPU compiler', state: 'broken', detail }
    : off('TPU compiler', `npm run setup:compiler installs it into ${resolve(config.PROMPTS_HOME)}`)
}

async function maxtext(config: Config, signal: AbortSignal): Promise<Finding> {
  const part = 'Your MaxText'
  const command = maxTextCommand(config)
  if (command === null) return off(part, 'PROMPTS_MAXTEXT_COMMAND names it: docs/maxtext-compile.md')
  const limits = { timeoutMs: deadlineMs, memoryGib: config.PROMPTS_COMPILER_MEMORY_GIB, maxOutputBytes: 1e6 }
  const answer = await askMaxText(command, limits, signal)
  if (answer === null) return { part, state: 'ok', detail: 'set; its first compilation tells its versions' }
  if (answer.problem !== null) return { part, state: 'broken', detail: answer.problem }
  const versions = Object.entries(answer.versions)
  return { part, state: 'ok', detail: versions.map(([name, version]) => `${name} ${version}`).join(', ') }
}

async function redis(config: Config): Promise<Finding> {
  if (!config.REDIS_URL) return off('Redis', 'jobs and state are in this process and SQLite; set REDIS_URL for many workers')
  return check('Redis', async () => {
    const { version, problems } = await checkRedis(config.REDIS_URL!, { writes: false })
    if (problems.length > 0) throw new PromptsError('unavailable', problems.join('; '))
    return version
  })
}

async function library(config: Config): Promise<Finding> {
  return check(config.QDRANT_URL ? 'Library (Qdrant)' : 'Library (SQLite)', async () => {
    const { countLibrary } = await import('../knowledge/open-library.ts')
    const found = await countLibrary(config)
    if (found === null) return 'not loaded yet: the first diagnosis does it'
    if (found.docs === 0) throw new PromptsError('unavailable', 'it is empty', { hint: 'npx prompts index loads it.' })
    return `${found.cases} cases, ${found.docs} sections of documents`
  })
}

async function gemini(config: Config): Promise<Finding> {
  if (!config.GEMINI_API_KEY && !config.GOOGLE_GENAI_USE_VERTEXAI)
    return off('Gemini', 'rules reason; set GEMINI_API_KEY, or GOOGLE_GENAI_USE_VERTEXAI=1')
  return check('Gemini', async () => {
    const { createGeminiClient } = await import('../knowledge/gemini/client.ts')
    const { askForModel } = await import('../knowledge/gemini/ask-for-model.ts')
    const { priceOf } = await import('../knowledge/gemini/models.ts')
    const model = config.PROMPTS_GEMINI_MODEL
    const price = priceOf(model)
    await askForModel(createGeminiClient(config)!, model, AbortSignal.timeout(deadlineMs))
    const where = config.GOOGLE_GENAI_USE_VERTEXAI ? `Vertex AI in ${config.GOOGLE_CLOUD_LOCATION ?? 'no location'}` : 'by key'
    const cost = price.known ? `listed on ${price.on}` : 'the highest known price: its own price is not in knowledge/gemini.json'
    return `${model}, ${where}; $${price.input} in and $${price.output} out per million tokens (${cost})`
  })
}

async function slack(config: Config): Promise<Finding> {
  if (!config.SLACK_BOT_TOKEN && !config.SLACK_CLIENT_ID)
    return off('Slack', 'npx prompts sandbox tries the bot without a workspace; docs/slack-setup.md connects one')
  if (!config.SLACK_BOT_TOKEN) return { part: 'Slack', state: 'ok', detail: 'many workspaces, by OAuth' }
  return check('Slack', async () => {
    const { checkTokens } = await import('../slack/who-am-i.ts')
    await checkTokens({ config, log: silentLog, signal: AbortSignal.timeout(deadlineMs), deadlineMs: 8000 })
    return config.SLACK_APP_TOKEN ? 'Slack takes both tokens; Socket Mode' : 'Slack takes the token; HTTP'
  })
}
