import opKinds from '../../knowledge/op-kinds.json' with { type: 'json' }

/** What an op does to the step: it computes, moves data between chips, waits for the host, or only holds other ops. */
type OpRole = 'compute' | 'collective' | 'infeed' | 'host-transfer' | 'container'

export interface OpKind {
  role: OpRole
  /** The collective's kind, else null. */
  collective: string | null
  /** Which end of an asynchronous pair. */
  phase: 'start' | 'done' | 'whole'
  /** XProf counts these as not on duty. */
  offDuty: boolean
  /** A matrix product, alone or fused. */
  matmul: boolean
  rematerialized: boolean
}

const collectiveNames = Object.keys(opKinds.collectives)
const named = new RegExp(`^(${collectiveNames.join('|')})(-start|-done)?(\\.[\\w.-]*)?$`)
const called = new RegExp(`calls=%(${collectiveNames.filter((name) => !/^(send|recv)$/.test(name)).join('|')})[.\\s,]`)
const inText = /\b(ragged-all-to-all|all-to-all|all-reduce-scatter|reduce-scatter|all-gather|all-reduce|collective-permute)\b/
const containers = new Set(opKinds.containers)
const offDuty = new Set(opKinds.off_duty)
const hostTransfers = new Set(opKinds.host_transfer)
const copies = new Set(opKinds.copies)

/** Tells an op's kind from what XLA wrote about it. */
export function opKind(op: {
  name: string
  category: string
  expression: string
  frameworkOp: string | null
  flops: number | null
  bytes: number | null
}): OpKind {
  const { category, expression } = op
  const name = op.name.replace(/^%/, '')
  const kind: OpKind = {
    role: 'compute',
    collective: null,
    phase: phaseOf(name, category),
    offDuty: offDuty.has(category),
    matmul: opKinds.matmul_categories.some((part) => category.includes(part)),
    rematerialized:
      expression.split(' = ', 1)[0]?.includes('.remat') === true || (op.frameworkOp?.includes('/rematted_computation/') ?? false),
  }
  if (containers.has(category)) kind.role = 'container'
  else if (opKinds.infeed_contains.some((part) => category.includes(part))) kind.role = 'infeed'
  else if (hostTransfers.has(category) || (isCopy(name, category) && opKinds.host_memory_marks.some((mark) => expression.includes(mark))))
    kind.role = 'host-transfer'
  else {
    kind.collective = collectiveOf(name, category, expression)
    if (kind.collective !== null && !fusesCompute(op)) kind.role = 'collective'
  }
  return kind
}

/** The kind of collective, also where compute is fused into it. */
function collectiveOf(name: string, category: string, expression: string): string | null {
  const match =
    collectiveNames.find((part) => category.startsWith(part)) ??
    named.exec(name)?.[1] ??
    (category.includes('fusion') ? called.exec(expression)?.[1] : undefined)
  if (match === undefined) return null
  const found = match === 'async-collective' ? (inText.exec(expression)?.[1] ?? match) : match
  return (opKinds.collectives as Record<string, string>)[found] ?? found
}

/** An async collective fusion that carries a matrix product computes while it communicates. */
function fusesCompute(op: { flops: number | null; bytes: number | null }): boolean {
  return op.flops !== null && op.bytes !== null && op.bytes > 0 && op.flops / op.bytes > opKinds.fused_collective_min_flop_per_byte
}

function isCopy(name: string, category: string): boolean {
  return copies.has(category) || /^(send|recv)(-done)?(\.|$)/.test(name)
}

function phaseOf(name: string, category: string): OpKind['phase'] {
  if (/-start(\.|$)/.test(name) || category.endsWith('-start')) return 'start'
  if (/-done(\.|$)/.test(name) || category.endsWith('-done')) return 'done'
  return 'whole'
}

const elementBytes: Record<string, number> = {
  pred: 1,
  s4: 0.5,
  u4: 0.5,
  s8: 1,
  u8: 1,
  f8e4m3fn: 1,
  f8e5m2: 1,
  s16: 2,
  u16: 2,
  f16: 2,
  bf16: 2,
  s32: 4,
  u32: 4,
  f32: 4,
  s64: 8,
  u64: 8,
  f64: 8,
  c64: 8,
}

/**
 * A collective's payload and group size from its HLO text: the largest array named in its result or operands, and the replica groups,
 * written as lists {{0,1},{2,3}} or as [groups,size]<=[…]. Null where the text does not say.
 */
export function collectiveFacts(expression: string): { bytes: number | null; groupSize: number | null } {
  const shapes = expression.split(/, (?:channel_id|replica_groups|kind|calls|source_target_pairs)=/, 1)[0] ?? ''
  let bytes: number | null = null
  for (const [, type, dims] of shapes.matchAll(/\b([a-z]+\d*[a-z0-9]*)\[([\d,]*)\]/g)) {
    const width = elementBytes[type as string]
    if (width === undefined) continue
    const size = (dims as string).split(',').reduce((product, dim) => product * (dim === '' ? 1 : Number(dim)), width)
    if (bytes === null || size > bytes) bytes = size
  }
  const iota = /replica_groups=\[(\d+),(\d+)\]/.exec(expression)
  if (iota) return { bytes, groupSize: Number(iota[2]) }
  const list = /replica_groups=\{\{([\d,]+)\}/.exec(expression)
  return { bytes, groupSize: list ? (list[1] as string).split(',').length : null }
}

/** The name both ends of an asynchronous pair share: all-gather-start.3 and all-gather-done.3 are all-gather.3. */
export function pairName(name: string): string {
  return name.replace(/^%/, '').replace(/-(start|done)(?=\.|$)/, '')
}
