import { type Request, RequestBatch } from './request-batch.ts'
import { afterFirst, type LengthMix, lengthsOf, type RequestLengths } from './request-lengths.ts'
import type { Scheduler } from './scheduler.ts'
import type { StepLaw } from './step-law.ts'

/** Requests of one data-parallel replica in a closed loop: as one ends the next arrives. */
export interface RequestMix extends LengthMix {
  /** Requests in flight, those that wait among them. */
  concurrency: number
  /** How many are served before the figures are taken. */
  requests: number
}

/** Seconds to the first token and between tokens, at the median and at p99; what the replica does on average. */
export interface ServedLatency {
  ttft: number
  ttftP99: number
  tpot: number
  tpotP99: number
  outputTokensPerSecond: number
  /** Requests that run at once. */
  running: number
  /** How often a request lost its place in the cache, for each that was served. */
  preemptions: number
}

/**
 * Continuous batching, step by step: running requests take a token each, prompts fill what the step has left, first come first
 * served, and the cache decides how many run. Deterministic; requests that start together are spread by where their first answers
 * end.
 */
export function simulateServing(law: StepLaw, mix: RequestMix, scheduler: Scheduler): ServedLatency {
  const { concurrency, requests } = mix
  const batch = new RequestBatch(scheduler)
  const seen = new Seen(requests > 2 * concurrency ? concurrency : 0)
  let started = 0
  let now = 0
  const arrive = () => {
    batch.wait(now, firstWave(lengthsOf(mix, started), started, concurrency))
    started++
  }
  for (let i = 0; i < concurrency; i++) arrive()
  while (seen.served < requests) {
    const { tokens, prompts, quiet } = batch.prefill()
    const running = batch.running.length
    const steps = quiet ? batch.quietSteps : 1
    const seconds = steps * (law.base + law.perRequest * running) + law.perPrefillToken * tokens + law.perPrompt * prompts
    now += seconds
    seen.ran(running, seconds)
    for (const request of batch.decode(steps)) {
      seen.done(request, now)
      arrive()
    }
    for (const request of batch.startReady()) seen.first(request, now)
  }
  return { ...seen.figures(), preemptions: batch.preemptions / requests }
}

/** The first wave answers less, so that requests do not end together for ever. */
function firstWave(lengths: RequestLengths, n: number, concurrency: number): RequestLengths {
  if (n >= concurrency) return lengths
  return { ...lengths, output: Math.max(1, Math.ceil((lengths.output * (n + 1)) / concurrency)) }
}

/** What is seen of requests that are served after the first wave, which starts into an empty server. */
class Seen {
  served = 0
  readonly #warmUp: number
  readonly #ttfts: number[] = []
  readonly #tpots: number[] = []
  #tokens = 0
  #seconds = 0
  #runningSeconds = 0

  constructor(warmUp: number) {
    this.#warmUp = warmUp
  }

  ran(running: number, seconds: number): void {
    if (this.served < this.#warmUp) return
    this.#seconds += seconds
    this.#runningSeconds += running * seconds
  }

  first(request: Request, now: number): void {
    if (request.first !== null) return
    request.first = now
    this.#ttfts.push(now - request.arrived)
  }

  done({ first, output }: Request, now: number): void {
    this.served++
    this.#tpots.push((now - first!) / afterFirst(output))
    if (this.served > this.#warmUp) this.#tokens += output
  }

  figures(): Omit<ServedLatency, 'preemptions'> {
    const steady = (values: readonly number[]) => values.slice(this.#warmUp).sort((a, b) => a - b)
    const [ttfts, tpots] = [steady(this.#ttfts), steady(this.#tpots)]
    return {
      ...{ ttft: quantile(ttfts, 0.5), ttftP99: quantile(ttfts, 0.99), tpot: quantile(tpots, 0.5), tpotP99: quantile(tpots, 0.99) },
      outputTokensPerSecond: this.#tokens / this.#seconds,
      running: this.#runningSeconds / this.#seconds,
    }
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
