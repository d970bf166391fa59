import { afterFirst, type RequestLengths } from './request-lengths.ts'
import type { Scheduler } from './scheduler.ts'

/** A request on its way. Times in seconds, lengths in tokens. */
export interface Request extends RequestLengths {
  arrived: number
  /** When its first token came; null before. */
  first: number | null
  /** Of its prompt, and of what it had answered before it lost its place, still to be computed. */
  prefillLeft: number
  /** Tokens of its answer that are still to come after the first, while it waits. */
  left: number
  /** The step after which it is done, while it runs. */
  ends: number
}

/**
 * Requests that wait and run, and the tokens that they hold of the cache. A request is let in when the cache has room for its
 * whole prompt; where a running one has no room for its next token, the youngest loses its place and is computed anew later.
 */
export class RequestBatch {
  readonly running: Request[] = []
  /** How often a request lost its place. */
  preemptions = 0
  #step = 0
  #nextEnd = Number.POSITIVE_INFINITY
  #held = 0
  /** Tokens still to come of all that were let in. */
  #outstanding = 0
  /** The one whose prompt is being computed, and those whose prompts this step has finished. */
  #current: Request | null = null
  #ready: Request[] = []
  readonly #returned: Request[] = []
  readonly #queue: Request[] = []
  #head = 0
  readonly #scheduler: Scheduler

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  wait(arrived: number, { input, output }: RequestLengths): void {
    this.#queue.push({ input, output, arrived, first: null, prefillLeft: input, left: afterFirst(output), ends: 0 })
  }

  /**
   * What the next step computes of prompts: first come first served, in what running requests leave of it. Quiet when nothing of
   * it changes until a request is done or has no room.
   */
  prefill(): { tokens: number; prompts: number; quiet: boolean } {
    const { batchedTokens, promptsPerStep } = this.#scheduler
    const before = this.preemptions
    this.#makeRoom()
    let room = Math.max(this.running.length > 0 ? 0 : 1, batchedTokens - this.running.length)
    let tokens = 0
    let prompts = 0
    // while some have no room for their next token nobody is let in
    while (room > 0 && prompts < promptsPerStep && this.preemptions === before) {
      const request = this.#current ?? this.#letIn()
      if (request === null) break
      prompts++
      const part = Math.min(room, request.prefillLeft)
      request.prefillLeft -= part
      tokens += part
      room -= part
      this.#current = request.prefillLeft > 0 ? request : null
      if (this.#current === null) this.#ready.push(request)
    }
    return { tokens, prompts, quiet: tokens === 0 && this.preemptions === before }
  }

  /** Of a quiet batch, the steps until a running request is done or has no room. */
  get quietSteps(): number {
    const room = Math.floor((this.#scheduler.cacheTokens - this.#held) / this.running.length)
    return Math.max(1, Math.min(this.#nextEnd - this.#step, room))
  }

  /** So many steps: every running request has as many tokens more. Returns those that are done. */
  decode(steps: number): Request[] {
    this.#step += steps
    this.#held += steps * this.running.length
    this.#outstanding -= steps * this.running.length
    return this.#step < this.#nextEnd ? [] : this.#takeDone()
  }

  /** Those whose prompts the step has finished run from the next one on. */
  startReady(): readonly Request[] {
    const ready = this.#ready
    if (ready.length === 0) return ready
    this.#ready = []
    for (const request of ready) {
      request.ends = this.#step + request.left
      this.#nextEnd = Math.min(this.#nextEnd, request.ends)
      this.running.push(request)
    }
    return ready
  }

  #takeDone(): Request[] {
    const done: Request[] = []
    let kept = 0
    this.#nextEnd = Number.POSITIVE_INFINITY
    for (const request of this.running) {
      if (request.ends <= this.#step) {
        done.push(request)
        this.#held -= request.input + afterFirst(request.output)
        continue
      }
      this.running[kept++] = request
      this.#nextEnd = Math.min(this.#nextEnd, request.ends)
    }
    this.running.length = kept
    return done
  }

  #letIn(): Request | null {
    const request = this.#returned.at(-1) ?? this.#queue[this.#head]
    if (request === undefined || !this.#hasRoomFor(request)) return null
    if (this.#returned.length > 0) this.#returned.pop()
    else this.#head++
    this.#held += request.prefillLeft
    this.#outstanding += request.left
    return request
  }

  #hasRoomFor({ prefillLeft, left }: Request): boolean {
    const { maxRunning, cacheTokens, outputReserve } = this.#scheduler
    const others = this.running.length + this.#ready.length
    // alone it has room: what holds not even one request does not run
    if (others === 0) return true
    return others < maxRunning && this.#held + prefillLeft + outputReserve * (this.#outstanding + left) <= cacheTokens
  }

  /** Takes places from the youngest until every running request has room for its next token. */
  #makeRoom(): void {
    while (this.#held + this.running.length > this.#scheduler.cacheTokens) {
      const others = this.running.length
      // the last one keeps its place: what holds not even one request does not run
      if (others + (this.#current === null ? 0 : 1) <= 1) return
      this.#takePlace(this.#current ?? this.running.pop()!)
    }
  }

  #takePlace(request: Request): void {
    if (this.#current === null) request.left = request.ends - this.#step
    this.#current = null
    this.#outstanding -= request.left
    // its prompt, and what it has answered beyond the first token
    const context = request.input + afterFirst(request.output) - request.left
    this.#held -= context
    request.prefillLeft = context
    this.preemptions++
    this.#returned.push(request)
  }
}
