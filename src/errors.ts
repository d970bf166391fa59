import { randomBytes } from 'node:crypto'

/** Exit codes of the `prompts` command, as the contract fixes them. */
export const exitCodes = { ok: 0, internal: 1, badInput: 2, no: 3, unavailable: 4 } as const

type Kind = Exclude<keyof typeof exitCodes, 'ok'>

/** Every coded error of the program and the exit code it leads to. */
const kindOf = {
  internal: 'internal',
  bad_arguments: 'badInput',
  bad_config: 'badInput',
  bad_experiment: 'badInput',
  bad_profile: 'badInput',
  bad_hlo: 'badInput',
  bad_mesh: 'badInput',
  bad_log: 'badInput',
  bad_case: 'badInput',
  unknown_experiment: 'badInput',
  ambiguous_experiment: 'badInput',
  slice_unknown: 'badInput',
  unknown_model: 'badInput',
  unknown_topology: 'badInput',
  unknown_run: 'badInput',
  unknown_case: 'badInput',
  outside_folder: 'badInput',
  too_large: 'badInput',
  not_allowed: 'badInput',
  impossible_measurement: 'badInput',
  not_feasible: 'no',
  unavailable: 'unavailable',
  timeout: 'unavailable',
  cancelled: 'unavailable',
} as const satisfies Record<string, Kind>

export type ErrorCode = keyof typeof kindOf

/** Errors that may be gone when the same is tried again; what an engineer must fix is not. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['internal', 'unavailable', 'timeout'])

/** One of the answers that would settle what an error asks: what a button says, and what is to be given. */
export interface Choice {
  label: string
  value: string
}

/** An error that an engineer is meant to read: what is wrong and where (`message`), and what to do (`hint`). */
export class PromptsError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  /** Ties what the engineer saw to what the log holds. */
  readonly id: string
  /** Whether trying the same again can help; by the code where nobody says otherwise. */
  readonly retryable: boolean
  /** Answers that would settle it (`slice_unknown`: slices, `ambiguous_experiment`: run ids); none for most errors. */
  readonly choices: readonly Choice[]
  /** What else the failure's JSON holds: what comes nearest to a job that does not fit. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      hint?: string
      cause?: unknown
      retryable?: boolean
      choices?: readonly Choice[]
      details?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'PromptsError'
    this.code = code
    this.hint = options.hint ?? ''
    this.id = newErrorId()
    this.details = options.details ?? {}
    this.retryable = options.retryable ?? passing.has(code)
    this.choices = options.choices ?? []
  }

  get exitCode(): number {
    return exitCodes[kindOf[this.code]]
  }
}

/** What a machine that is out of something says, in words; all of it may be gone when the same is tried again. */
const outOf: Readonly<Record<string, { message: string; hint: string }>> = {
  ENOSPC: { message: 'There is no room left on the disk of the bot', hint: 'Its operator has to make room; then ask again.' },
  EDQUOT: { message: "The bot's quota on its disk is used up", hint: 'Its operator has to make room; then ask again.' },
  EROFS: { message: "The bot's disk takes no writes", hint: 'Its operator has to mount it for writing; then ask again.' },
  EMFILE: { message: 'The bot has too many files open', hint: 'Ask again in a minute; its operator may raise the limit (ulimit -n).' },
  ENFILE: { message: "The bot's machine has too many files open", hint: 'Ask again in a minute.' },
}

/**
 * Wraps whatever was thrown: a PromptsError stays as it is, a machine that is out of something is `unavailable` in words,
 * everything else becomes `internal` with an id and its cause.
 */
export function asPromptsError(thrown: unknown): PromptsError {
  if (thrown instanceof PromptsError) return thrown
  const code = String((thrown as { code?: unknown } | null)?.code ?? '')
  const lack = Object.hasOwn(outOf, code) ? outOf[code] : undefined
  if (lack !== undefined) return new PromptsError('unavailable', lack.message, { hint: lack.hint, cause: thrown })
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new PromptsError('internal', `Something went wrong inside prompts: ${message}`, {
    hint: 'The details are in the log beside this id; please report both.',
    cause: thrown,
  })
}

function newErrorId(): string {
  return `e-${randomBytes(5).toString('hex')}`
}
