import type { StepLaw } from './step-law.ts'

/** Requests of one data-parallel replica in a closed loop: as one ends the next arrives. */
export interface RequestMix {
  inputLen: number
  outputLen: number
  /** Requests in flight. */
  concurrency: number
  /** Tokens that one step may hold. */
  batchedTokens: number
  requests: number
}

/** Seconds: to the first token and between tokens, at the median and at p99. */
export interface ServedLatency {
  ttft: number
  ttftP99: number
  tpot: number
  tpotP99: number
}

interface Request {
  arrived: number
  prefillLeft: number
  first: number
}

/**
 * Continuous batching with chunked prefill, step by step: running requests take a token each, the prompt at the head of the queue
 * fills what the step has left. Deterministic; requests that start together are spread by where their first answers end.
 */
export function simulateServing(law: StepLaw, mix: RequestMix): ServedLatency {
  const { inputLen, outputLen, concurrency, requests } = mix
  const budget = Math.max(mix.batchedTokens, 1)
  const queue: Request[] = []
  /** Requests by the step in which they end. */
  const ending = new Map<number, Request[]>()
  const ttfts: number[] = []
  const tpots: number[] = []
  let head = 0
  let running = 0
  let started = 0
  let now = 0
  const arrive = () => {
    queue.push({ arrived: now, prefillLeft: inputLen, first: 0 })
    started++
  }
  for (let i = 0; i < Math.min(concurrency, requests); i++) arrive()
  for (let step = 0; tpots.length < requests; step++) {
    let room = Math.max(running > 0 ? 0 : 1, budget - running)
    let prefilled = 0
    const done: Request[] = []
    while (room > 0 && head < queue.length) {
      const request = queue[head]!
      const part = Math.min(room, request.prefillLeft)
      request.prefillLeft -= part
      prefilled += part
      room -= part
      if (request.prefillLeft > 0) break
      done.push(request)
      head++
    }
    now += law.base + law.perRequest * running + law.perPrefillToken * prefilled
    for (const ended of ending.get(step) ?? []) {
      running--
      tpots.push(outputLen > 1 ? (now - ended.first) / (outputLen - 1) : now - ended.first)
      if (started < requests) arrive()
    }
    ending.delete(step)
    for (const request of done) {
      request.first = now
      ttfts.push(now - request.arrived)
      running++
      // the first wave answers less, so that requests do not end together for ever
      const length = ttfts.length <= concurrency ? Math.max(1, Math.ceil((outputLen * ttfts.length) / concurrency)) : outputLen
      const end = step + Math.max(1, length - 1)
      const others = ending.get(end)
      if (others) others.push(request)
      else ending.set(end, [request])
    }
  }
  const steady = (values: number[]) => (values.length > 2 * concurrency ? values.slice(concurrency) : values).sort((a, b) => a - b)
  const at = (values: readonly number[], share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!
  const [first, between] = [steady(ttfts), steady(tpots)]
  return { ttft: at(first, 0.5), ttftP99: at(first, 0.99), tpot: at(between, 0.5), tpotP99: at(between, 0.99) }
}
