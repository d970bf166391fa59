import opKinds from '../../knowledge/op-kinds.json' with { type: 'json' }

/** What an op does to the step: it computes, moves data between chips, waits for the host, or only holds other ops. */
type OpRole = 'compute' | 'collective' | 'infeed' | 'host-transfer' | 'container'

export interface OpKind {
  role: OpRole
  /** The collective's kind, else null. */
  collective: string | null
  /** The transfer goes between slices, over the data-centre network. */
  dcn: boolean
  /** Which end of an asynchronous pair. */
  phase: 'start' | 'done' | 'whole'
  /** One end of an asynchronous call that its name does not tell: what it waits for shows on another line. */
  asyncCall: boolean
  /** A SparseCore does it. */
  sparse: boolean
  /** XProf counts these as not on duty. */
  offDuty: boolean
  /** A matrix product, alone or fused. */
  matmul: boolean
  /** The element type that a matrix product multiplies in, where it is not the type that the chip's peak is stated for. */
  narrow: 'int8' | 'fp8' | null
  rematerialized: boolean
}

export interface OpText {
  name: string
  category: string
  expression: string
  frameworkOp: string | null
  flops: number | null
  bytes: number | null
}

const collectiveNames = Object.keys(opKinds.collectives)
const named = new RegExp(`^(${collectiveNames.join('|')})(-start|-done)?(\\.[\\w.-]*)?$`)
const called = new RegExp(`calls=%(${collectiveNames.filter((name) => !/^(send|recv)$/.test(name)).join('|')})[.\\s,]`)
const inText = /\b(ragged-all-to-all|all-to-all|all-reduce-scatter|reduce-scatter|all-gather|all-reduce|collective-permute)\b/
const containers = new Set(opKinds.containers)
const offDuty = new Set(opKinds.off_duty)
const hostTransfers = new Set(opKinds.host_transfer)
const copies = new Set(opKinds.copies)
const asyncCalls = new Set(opKinds.async_calls)

/** Tells an op's kind from what XLA wrote about it. */
export function opKind(op: OpText): OpKind {
  const { category, expression } = op
  const name = op.name.replace(/^%/, '')
  const matmul = opKinds.matmul_categories.some((part) => category.includes(part))
  const kind: OpKind = {
    role: 'compute',
    collective: null,
    dcn: opKinds.slice_marks.some((mark) => expression.includes(mark)),
    phase: phaseOf(name, category),
    asyncCall: false,
    sparse: category === 'call-start' || category === 'call-done' || expression.includes(opKinds.sparse_thread),
    offDuty: offDuty.has(category),
    matmul,
    narrow: matmul ? narrowType(expression) : null,
    rematerialized:
      expression.split(' = ', 1)[0]?.includes('.remat') === true || (op.frameworkOp?.includes('/rematted_computation/') ?? false),
  }
  if (containers.has(category)) kind.role = 'container'
  else if (opKinds.infeed_contains.some((part) => category.includes(part))) kind.role = 'infeed'
  else if (kind.dcn) {
    kind.role = 'collective'
    kind.collective = sliceTransferKind(expression)
    // A send is on its way from where it is given; a receive may be asked for long before anything is sent, so only its wait
    // counts.
    if (kind.phase === 'whole' && /^send(\.|$)/.test(name)) kind.phase = 'start'
  } else if (hostTransfers.has(category) || (isCopy(name, category) && opKinds.host_memory_marks.some((mark) => expression.includes(mark))))
    kind.role = 'host-transfer'
  else {
    kind.collective = collectiveOf(name, category, expression) ?? (kind.sparse ? offloadedKind(op) : null)
    if (kind.collective !== null && !fusesCompute(op)) kind.role = 'collective'
    kind.asyncCall = kind.collective === null && (asyncCalls.has(category) || kind.sparse)
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

/** A collective moved to a SparseCore under a name of its own: what the framework called it still stands in its text. */
function offloadedKind({ expression, frameworkOp }: OpText): string | null {
  const path = `${/op_name="([^"]*)"/.exec(expression)?.[1] ?? ''} ${/to_apply=%([\w.-]+)/.exec(expression)?.[1] ?? ''} ${frameworkOp ?? ''}`
  const found = inText.exec(
    path
      .replaceAll('_', '-')
      .replace(/\bpsum\b/, 'all-reduce')
      .replace(/\bppermute\b/, 'collective-permute'),
  )?.[1]
  return found === undefined ? null : ((opKinds.collectives as Record<string, string>)[found] ?? found)
}

/** What a transfer of the multi-slice runtime is part of: its type stands in its attributes. */
function sliceTransferKind(expression: string): string {
  const type = /_xla_megascale_transfer_type="(\w+)"/.exec(expression)?.[1]?.toLowerCase().replaceAll('_', '-')
  return (type && (opKinds.collectives as Record<string, string>)[type]) ?? 'send-recv'
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

/**
 * 8-bit operands on both sides of a product: one alone (quantized weights) is widened first, and runs at the wide type's rate.
 */
function narrowType(expression: string): OpKind['narrow'] {
  const operands = expression.slice(expression.indexOf(' = ') + 3).replace(/^\S+ /, '')
  const wide = [...operands.matchAll(/\b([a-z]+\d+[a-z0-9]*)\[(\d+(?:,\d+)+)\]/g)].map((match) => match[1] as string)
  const eights = (test: RegExp): boolean => wide.filter((type) => test.test(type)).length >= 2
  if (wide.some((type) => /^(bf16|f16|f32)$/.test(type))) return null
  return eights(/^[su][48]$/) ? 'int8' : eights(/^f8|^f4/) ? 'fp8' : null
}

/** The name both ends of an asynchronous pair share: all-gather-start.3 and all-gather-done.3 are all-gather.3. */
export function pairName(name: string): string {
  return name.replace(/^%/, '').replace(/-(start|done)(?=\.|$)/, '')
}
