import { z } from 'zod'
import { PromptsError } from './errors.ts'
import { nearest } from './text/nearest.ts'

const flag = z.enum(['0', '1', 'true', 'false', '']).transform((value) => value === '1' || value === 'true')
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part.length > 0),
)
const number = (fallback: number, min: number, max: number) => z.coerce.number().min(min).max(max).default(fallback)

/** Every setting: its environment variable, its bounds, its default. All that is optional is off by default. */
const settings = z.object({
  // where things are
  PROMPTS_HOME: z.string().default('.prompts').describe('folder for runs, state and installed tools'),
  PROMPTS_RUNS: z
    .string()
    .optional()
    .describe('s3://bucket/prefix or gs://bucket/prefix: runs in object storage, for several hosts; default: files in PROMPTS_HOME'),
  PROMPTS_EXPERIMENTS: list
    .default(['examples'])
    .describe('where runs are looked up: folders, gs://bucket/prefix, s3://bucket/prefix, mlflow+https://host, xprof+https://host'),
  PROMPTS_SOURCE_SECONDS: number(5, 1, 120).describe('how long one source may take to answer while others are asked too'),
  PROMPTS_KNOWLEDGE: z.string().optional().describe('a folder laid out like knowledge/ whose entries are added to the shipped ones'),
  PROMPTS_PRICES: z.string().optional().describe('dollars per chip-hour that replace the shipped ones: v5p=3.10,v6e=2.00'),
  PROMPTS_GOODPUT: z.coerce
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('the share of paid time in which jobs make progress (restarts and checkpoints take the rest); dollars and days count it'),
  PROMPTS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('how much the log says'),
  // services, all optional
  REDIS_URL: z.string().optional().describe('redis://…: jobs by BullMQ and state in Redis, for any number of workers'),
  PROMPTS_REDIS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .describe("before this bot's keys and queues in a Redis that other bots use too; default: the bot's own id"),
  PROMPTS_START_SECONDS: number(60, 1, 3600).describe('how long serve and worker wait at start for Redis and Slack'),
  PROMPTS_TRACES: z
    .url()
    .optional()
    .describe('http://collector:4318/v1/traces: traces of runs by OpenTelemetry (OTLP over HTTP); none if unset'),
  QDRANT_URL: z.string().optional().describe('http://…: the library in Qdrant'),
  QDRANT_API_KEY: z.string().optional().describe('key of the Qdrant server'),
  PROMPTS_WORKERS: number(2, 1, 64).describe('diagnoses at once in a process'),
  PROMPTS_QUEUE_LIMIT: number(5000, 1, 1_000_000).describe('runs that may wait'),
  PROMPTS_RUN_DEADLINE_SECONDS: number(120, 5, 3600).describe('deadline of a run without the compiler'),
  // Gemini
  GEMINI_API_KEY: z.string().optional().describe('turns on Gemini for reasoning and embeddings'),
  GOOGLE_GENAI_USE_VERTEXAI: flag.default(false).describe('use Vertex AI instead of an API key'),
  GOOGLE_CLOUD_PROJECT: z.string().optional().describe('project for Vertex AI'),
  GOOGLE_CLOUD_LOCATION: z.string().optional().describe('location for Vertex AI'),
  GEMINI_BASE_URL: z.string().optional().describe('another address that speaks Gemini'),
  PROMPTS_GEMINI_MODEL: z
    .string()
    .default('gemini-3.5-flash')
    .describe('model of the Analyzer and the Proposer: one of knowledge/gemini.json'),
  PROMPTS_GEMINI_THINKING: z.string().optional().describe('thinking level (Gemini 3: low, high) or budget (2.5: a number)'),
  PROMPTS_GEMINI_SAMPLES: number(3, 1, 9).describe('proposals sampled a run'),
  PROMPTS_EMBEDDING_MODEL: z.string().default('gemini-embedding-001').describe('embedding model, used only with a key'),
  PROMPTS_SPEND_CAP_USD: number(20, 0, 1e6).describe('dollars per day that Gemini may cost a workspace'),
  // the TPU compiler
  PROMPTS_COMPILER: z.enum(['auto', 'off']).default('auto').describe('auto: used where installed and asked for'),
  PROMPTS_COMPILER_PYTHON: z.string().optional().describe('python with jax[tpu]; default: the one npm run setup:compiler installs'),
  PROMPTS_COMPILER_PROCESSES: number(1, 1, 64).describe('compilations at once'),
  PROMPTS_COMPILER_MEMORY_GIB: number(6, 1, 1000).describe('memory a compilation may take'),
  PROMPTS_COMPILER_TIMEOUT_SECONDS: number(600, 5, 7200).describe('deadline of a compilation'),
  PROMPTS_MAXTEXT_COMMAND: z.string().optional().describe("the operator's own train_compile command, for experiments of framework maxtext"),
  PROMPTS_TRIAL_COMMAND: z
    .string()
    .optional()
    .describe(
      "the operator's own command that measures one trial of `prompts search`: a request as JSON on its input, an answer as its last line",
    ),
  PROMPTS_TRIAL_TIMEOUT_SECONDS: number(7200, 1, 604_800).describe('deadline of a trial'),
  // Slack
  SLACK_BOT_TOKEN: z.string().optional().describe('xoxb-…, one workspace'),
  SLACK_APP_TOKEN: z.string().optional().describe('xapp-…: Socket Mode'),
  SLACK_SIGNING_SECRET: z.string().optional().describe('HTTP: verifies requests'),
  SLACK_CLIENT_ID: z.string().optional().describe('OAuth, many workspaces'),
  SLACK_CLIENT_SECRET: z.string().optional().describe('OAuth, many workspaces'),
  SLACK_STATE_SECRET: z.string().optional().describe('OAuth: signs the state'),
  PROMPTS_INSTALLATION_KEY: z
    .string()
    .optional()
    .describe('32 bytes, base64: encrypts stored installations; a new key goes in front, with a comma'),
  PROMPTS_WORKSPACES: list.default([]).describe('OAuth: workspaces (T…) that may install the app; all that it is distributed to if empty'),
  SLACK_API_URL: z.string().optional().describe("another address that speaks Slack's Web API"),
  PORT: number(3000, 0, 65535).describe('port for HTTP and health'),
  PROMPTS_HEALTH_PORT: z.coerce
    .number()
    .min(0)
    .max(65535)
    .optional()
    .describe('port of a worker for /live, /ready and /metrics; none if unset'),
  PROMPTS_ADOPTERS: z.string().default('anyone').describe('who may adopt: anyone, asker, or a user group id'),
  PROMPTS_CHANNELS: list
    .default([])
    .describe('channels the bot answers in, all where it is a member if empty; C123=llama-* limits the experiments'),
  PROMPTS_BOTS: list.default([]).describe('bots and workflows that may ask by mention, by their bot id (B0123456789); none if empty'),
  PROMPTS_ALLOW_GUESTS: flag.default(false).describe('answer guests'),
  PROMPTS_ALLOW_SHARED_CHANNELS: flag.default(false).describe('answer in channels shared with other organizations'),
  PROMPTS_QUOTA_PER_PERSON: number(50, 1, 1e6).describe('runs per person per day'),
  PROMPTS_KEEP_DAYS: number(180, 1, 3650).describe('how long runs are kept'),
  // network addresses of sources, read only by the operator
  PROMPTS_GCS_ENDPOINT: z.string().optional().describe('another address that speaks Cloud Storage'),
  PROMPTS_S3_ENDPOINT: z.string().optional().describe('another address that speaks S3 (MinIO, Ceph)'),
  MLFLOW_TRACKING_TOKEN: z.string().optional().describe('token for an MLflow server'),
  MLFLOW_TRACKING_USERNAME: z.string().optional().describe('user of an MLflow server with basic authentication'),
  MLFLOW_TRACKING_PASSWORD: z.string().optional().describe('its password'),
  PROMPTS_JOBSET_TOKEN: z.string().optional().describe('bearer token for the Kubernetes API that JobSets are read from'),
  PROMPTS_MLDIAGNOSTICS_ENDPOINT: z.string().optional().describe('another address that speaks the API of ML Diagnostics'),
  PROMPTS_XPROF_HEADER: z.string().optional().describe('a header for XProf servers behind a proxy: Authorization: Bearer TOKEN'),
})

export type Config = z.infer<typeof settings>

/**
 * Reads the settings from an environment; the only reader of it in the program.
 * @throws PromptsError `bad_config` naming the variable, what it held that is wrong, and for an unknown PROMPTS_ name the nearest
 * one.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const known = Object.keys(settings.shape)
  for (const name of Object.keys(env)) {
    if (name.startsWith('PROMPTS_') && !known.includes(name) && !isTestSetting(name)) {
      const near = nearest(name, known, 1)[0]
      throw new PromptsError('bad_config', `Unknown setting ${name}`, { hint: near ? `Did you mean ${near}?` : 'See docs/settings.md' })
    }
  }
  const present = Object.fromEntries(known.map((name) => [name, env[name] === '' ? undefined : env[name]]))
  const parsed = settings.safeParse(present)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const name = String(issue?.path[0])
  throw new PromptsError('bad_config', `Setting ${name} is not right: ${issue?.message}`, { hint: describeSetting(name) })
}

/** Name, meaning and default of every setting, for `doctor` and the docs. */
export function listSettings(): { name: string; meaning: string; default: string | null }[] {
  return Object.entries(settings.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined)
    return {
      name,
      meaning: schema.description ?? '',
      default: fallback.success && fallback.data !== undefined ? String(fallback.data) : null,
    }
  })
}

function describeSetting(name: string): string {
  return listSettings().find((setting) => setting.name === name)?.meaning ?? ''
}

/** Settings of the test suite, named alike so that they are found together. */
function isTestSetting(name: string): boolean {
  return name === 'PROMPTS_PYTHON' || name === 'PROMPTS_XPROF_PYTHON' || name.startsWith('PROMPTS_TEST_')
}
