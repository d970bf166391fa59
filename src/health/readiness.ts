/** One part of a process: whether it works, and in words what is wrong or how it stands. */
export interface PartState {
  ok: boolean
  detail: string
}

export interface Readiness {
  /** Whether this process can do its work now. */
  ok: boolean
  parts: Record<string, PartState>
}

export interface Check {
  /** How the part stands; throws where it does not work. */
  ask: () => Promise<string>
  /** The process does its work without it, less well. */
  optional?: boolean
}

const timeoutMs = 2000
const freshMs = 1000

/**
 * Whether a process is ready, as each of its parts answers within two seconds: one that hangs is one that does not work. Asked
 * more often than once a second it answers from the last time.
 */
export function createReadiness(checks: Readonly<Record<string, Check>>): () => Promise<Readiness> {
  let last: { at: number; answer: Promise<Readiness> } | null = null
  const ask = async (): Promise<Readiness> => {
    const named = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const))
    const parts = Object.fromEntries(named)
    return { ok: named.every(([name, state]) => state.ok || checks[name]?.optional === true), parts }
  }
  return () => {
    const now = performance.now()
    if (last === null || now - last.at > freshMs) last = { at: now, answer: ask() }
    return last.answer
  }
}

async function stateOf({ ask }: Check): Promise<PartState> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<PartState>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer in ${timeoutMs / 1000} s` }), timeoutMs)
  })
  const asked = ask().then(
    (detail): PartState => ({ ok: true, detail }),
    (error: unknown): PartState => ({ ok: false, detail: error instanceof Error ? error.message.slice(0, 200) : 'does not work' }),
  )
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}
