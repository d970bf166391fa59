import { type Frame, startOf } from './async-start.ts'
import { type CollectiveOp, collectiveOf, collectiveRole } from './collective.ts'
import { type CollectiveCost, collectiveCost } from './collective-time.ts'
import { calledBy, operandOf } from './graph.ts'
import type { Interconnect } from './interconnect.ts'
import { type DeviceSpeed, opTime } from './op-time.ts'
import { type Lane, ReplayState } from './replay-state.ts'
import { transferOf } from './transfer.ts'
import { loopParts, tripCount } from './trip-count.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

export interface ReplayOptions {
  device: DeviceSpeed
  net: Interconnect
}

/** One op of the module, or all its executions. */
interface ReplayPart {
  name: string
  kind: 'compute' | 'hbm' | 'communication' | 'host'
  /** What it adds to the step. */
  ms: number
  /** How long it takes by itself; more than `ms` where it overlaps with the core's work. */
  occupiedMs: number
  count: number
}

/** A replayed step. `computeMs + hbmMs + exposedCommunicationMs + hostMs = stepTimeMs`. */
export interface Replay {
  stepTimeMs: number
  computeMs: number
  hbmMs: number
  /** Time at least one collective is in flight. */
  communicationMs: number
  exposedCommunicationMs: number
  hostMs: number
  /** FLOPs of one device's matmuls in a step (recomputation included). */
  flops: number
  notes: string[]
  /** What the step consists of, the longest first. */
  parts: ReplayPart[]
}

const maxDepth = 24
const maxVisits = 20_000_000

/**
 * Predicts a step by walking the compiled schedule: an op takes its estimated cycles over the clock; a loop is its trips times
 * its body; an asynchronous collective starts when its links are free and its `-done` waits for it; a synchronous one stops the
 * core. Nothing is fitted. The module must be compiled at full effort and scheduled; otherwise a note says so.
 */
export function replaySchedule(module: HloModule, options: ReplayOptions): Replay {
  const walker = new Walker(module, options)
  if (!module.isScheduled) walker.note('The module is not scheduled: instructions were taken in the order of the file.')
  walker.walk(module.entry, 0)
  return walker.result()
}

interface Pending {
  begun: number
  end: number
  kind: 'communication' | 'host' | 'hbm'
  name: string
  ms: number
}

class Walker {
  readonly #module: HloModule
  readonly #options: ReplayOptions
  readonly #state = new ReplayState()
  readonly #notes = new Map<string, number>()
  readonly #costs = new Map<HloInstruction, { cost: CollectiveCost; lane: Lane }>()
  /** Transfers under way, by the instruction that started them. */
  readonly #pending = new Map<HloInstruction, Pending>()
  /** Transfers between slices, by their rendezvous. */
  readonly #rendezvous = new Map<string, Pending>()
  /** The loops around the instruction at hand, the outermost first. */
  readonly #frames: Frame[] = []
  #visits = 0

  constructor(module: HloModule, options: ReplayOptions) {
    this.#module = module
    this.#options = options
  }

  note(text: string): void {
    this.#notes.set(text, (this.#notes.get(text) ?? 0) + 1)
  }

  walk(computation: HloComputation, depth: number): void {
    if (depth > maxDepth) {
      this.note('Calls nest too deeply: what lies below was left out.')
      return
    }
    for (const instruction of computation.instructions) {
      if (++this.#visits > maxVisits) {
        this.note('The module is too large to replay whole.')
        return
      }
      this.#step(computation, instruction, depth)
    }
  }

  result(): Replay {
    const { totals, now, parts } = this.#state
    const sorted = [...parts].map(([name, part]) => ({ name, ...part })).sort((a, b) => b.ms - a.ms || b.occupiedMs - a.occupiedMs)
    return {
      stepTimeMs: now,
      computeMs: totals.computeMs,
      hbmMs: totals.hbmMs,
      communicationMs: totals.communicationMs,
      exposedCommunicationMs: totals.exposedMs,
      hostMs: totals.hostMs,
      flops: totals.flops,
      notes: [...this.#notes.keys()],
      parts: sorted,
    }
  }

  #step(computation: HloComputation, instruction: HloInstruction, depth: number): void {
    const { opcode } = instruction
    const collective = collectiveOf(this.#module, computation, instruction)
    if (collective) this.#collective(instruction, collective)
    else if (opcode === 'while') this.#loop(computation, instruction, depth)
    else if (opcode === 'conditional') this.#branch(instruction, depth)
    else if (opcode === 'call') for (const called of calledBy(this.#module, instruction)) this.walk(called, depth + 1)
    else if (opcode === 'copy-start' || opcode === 'async-start') this.#transfer(computation, instruction)
    else if (opcode === 'recv-done') this.#received(computation, instruction)
    else if (opcode.endsWith('-done') || collectiveRole(this.#module, instruction) === 'done') this.#done(computation, instruction)
    else if (opcode === 'send' || opcode === 'recv') this.#hostTransfer(instruction)
    else this.#compute(computation, instruction)
  }

  #hostTransfer(instruction: HloInstruction): void {
    if (instruction.isHostTransfer && !instruction.attributes) this.note(`${instruction.name}: a transfer with the host was not timed.`)
  }

  #compute(computation: HloComputation, instruction: HloInstruction): void {
    const time = opTime(this.#module, computation, instruction, this.#options.device)
    if (time.from === 'flops')
      this.note(`${kernelName(instruction.name)}: a kernel without cycles, timed by its FLOPs at peak (a lower bound).`)
    if (instruction.opcode === 'custom-call' && time.from === 'none' && instruction.customCallTarget === 'tpu_custom_call') {
      this.note(`${kernelName(instruction.name)}: a kernel without cycles or a cost estimate, counted as nothing.`)
    }
    this.#state.totals.flops += time.flops
    this.#state.work(instruction.name, time.bound, time.ms)
  }

  #collective(instruction: HloInstruction, op: CollectiveOp): void {
    const { cost, lane } = this.#costOf(instruction, op)
    if (cost.axes.length === 0 && op.groupSize > 1 && cost.ms > 0) {
      this.note(`${instruction.name}: its groups are no part of the mesh; timed over one link.`)
    }
    const end = this.#state.begin(lane, cost.ms, true, cost.latencyMs)
    const pending: Pending = { begun: this.#state.now, end, kind: 'communication', name: instruction.name, ms: cost.ms }
    const rendezvous = op.dcn ? instruction.attributes?._xla_host_transfer_rendezvous : undefined
    if (rendezvous !== undefined) this.#rendezvous.set(rendezvous, pending)
    else if (op.async) this.#pending.set(instruction, pending)
    else this.#state.wait(instruction.name, 'communication', end, cost.ms)
  }

  #costOf(instruction: HloInstruction, op: CollectiveOp): { cost: CollectiveCost; lane: Lane } {
    const known = this.#costs.get(instruction)
    if (known) return known
    const cost = collectiveCost(op, this.#options.net)
    const axes = cost.axes.length > 0 ? cost.axes : this.#options.net.axes.map(({ name }) => name)
    const key = cost.load === null ? axes.join('+') : `permute ${op.pairs.slice(0, 4).join(' ')}`
    const entry = { cost, lane: { key, axes, load: cost.load } }
    this.#costs.set(instruction, entry)
    return entry
  }

  /** Copies between HBM and VMEM, to and from the host, and what SparseCore formats: beside the core's work, one at a time. */
  #transfer(computation: HloComputation, instruction: HloInstruction): void {
    const { device } = this.#options
    const { bytes, host } = transferOf(this.#module, computation, instruction)
    const ms = bytes / ((host ? device.hostGbps : device.hbmGbps) * 1e6)
    const key = host ? 'host' : instruction.thread === 'sparsecore' ? 'sparsecore' : 'dma'
    const end = this.#state.begin({ key, axes: [key], load: null }, ms, false)
    this.#pending.set(instruction, { begun: this.#state.now, end, kind: host ? 'host' : 'hbm', name: instruction.name, ms })
  }

  #done(computation: HloComputation, instruction: HloInstruction): void {
    const start = startOf(instruction, { module: this.#module, computation, frames: this.#frames }, (candidate) =>
      this.#pending.has(candidate),
    )
    const pending = start && this.#pending.get(start)
    if (!start || !pending) return
    this.#pending.delete(start)
    this.#state.wait(pending.name, pending.kind, pending.end, pending.ms)
  }

  #received(computation: HloComputation, instruction: HloInstruction): void {
    const recv = operandOf(computation, instruction, 0)
    const rendezvous = recv?.attributes?._xla_host_transfer_rendezvous
    const pending = rendezvous === undefined ? undefined : this.#rendezvous.get(rendezvous)
    if (rendezvous === undefined || pending === undefined) return
    this.#rendezvous.delete(rendezvous)
    this.#state.wait(pending.name, 'communication', pending.end, pending.ms)
  }

  /** The first iteration meets what was under way before; the second is how all others go. */
  #loop(computation: HloComputation, instruction: HloInstruction, depth: number): void {
    const parts = loopParts(this.#module, instruction)
    if (parts === null) return
    const { trips, note } = tripCount(this.#module, computation, instruction)
    if (note) this.note(note)
    const times = trips ?? 1
    if (times < 1) return
    this.#frames.push({ computation, loop: instruction, body: parts.body })
    this.#iterate(parts, depth)
    if (times > 1) {
      const before = this.#state.snapshot()
      this.#iterate(parts, depth)
      this.#repeat(before, times - 2)
    }
    this.#frames.pop()
  }

  /** What is still under way moves on with the clock. */
  #repeat(before: ReturnType<ReplayState['snapshot']>, times: number): void {
    const shift = this.#state.repeat(before, times)
    for (const pending of [...this.#pending.values(), ...this.#rendezvous.values()]) if (pending.begun >= before.now) pending.end += shift
  }

  #iterate(parts: { body: HloComputation; condition: HloComputation }, depth: number): void {
    this.walk(parts.condition, depth + 1)
    this.walk(parts.body, depth + 1)
  }

  /** The slowest branch is charged. */
  #branch(instruction: HloInstruction, depth: number): void {
    const branches = calledBy(this.#module, instruction)
    let slowest: HloComputation | null = null
    let most = -1
    for (const branch of branches) {
      const alone = new Walker(this.#module, this.#options)
      alone.walk(branch, depth + 1)
      const { stepTimeMs } = alone.result()
      if (stepTimeMs > most) {
        most = stepTimeMs
        slowest = branch
      }
    }
    if (branches.length > 1) this.note(`${instruction.name}: the branch that takes longest was counted.`)
    if (slowest) this.walk(slowest, depth + 1)
  }
}

function kernelName(name: string): string {
  return name.replace(/\.\d+$/, '')
}
