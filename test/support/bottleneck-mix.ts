import chips from '../../knowledge/chips.json' with { type: 'json' }
import type { BottleneckClass } from '../../src/contract/profile-report.ts'
import type { ChipSpec, Item, OpSpec, ProfileSpec } from './synthetic-profile.ts'
import { transformerStep } from './transformer-step.ts'

/** Jobs with one or two things wrong, made from the shapes of the model that they claim, and what must be said of them. */
export interface Mix {
  name: string
  hosts: ProfileSpec[]
  expected: BottleneckClass
}

/** Llama 3 8B: what is computed, moved and waited for follows from these. */
const model = { layers: 32, embed: 4096, mlp: 14336, heads: 32, kvHeads: 8, headDim: 128, vocab: 128256 }
const parameters = 8.03e9
const tokens = 8192
const v6e: ChipSpec = {
  type: chips.chips.v6e.xprof_device_types[0] ?? 'TPU v6 Lite',
  tflops: chips.chips.v6e.bf16_tflops,
  hbmGbps: chips.chips.v6e.hbm_gbps,
  vmemGbps: 20_000,
}

type Base = 'training' | 'decoding'

function baseStep(base: Base): Item[] {
  const training = base === 'training'
  return transformerStep({
    ...model,
    chip: v6e,
    coresPerDevice: 1,
    tokens: training ? tokens : 32,
    context: training ? 8192 : 2048,
    tensor: 1,
    fsdp: training ? 16 : 1,
    matmulEfficiency: 0.62,
    hbmEfficiency: 0.75,
    tensorGbps: 90,
    fsdpGbps: 150,
    latencyUs: 8,
    backward: training,
    remat: training,
    ...(training
      ? { optimizerBytes: (parameters * 24) / 16 }
      : { kvCacheBytes: 2 * model.layers * model.kvHeads * model.headDim * 2 * 32 * 2048 }),
  })
}

const collective = (kind: string, name: string, us: number, bytes: number): Item => ({
  op: {
    name,
    category: kind,
    us,
    bytes,
    flops: 0,
    expression: `%${name} = bf16[${Math.round(bytes / 2)}]{0} ${kind}(bf16[${Math.round(bytes / 2)}]{0} %p), channel_id=1, replica_groups=[2,8]<=[16]`,
  },
})
const bySize = (bytes: number, gbps: number): number => bytes / (gbps * 1000)

/**
 * One thing that is wrong: what it adds to every host's step, to the late host's, to the others'. `scale`: the base step's time
 * over training's.
 */
interface Problem {
  name: string
  adds?: (scale: number) => Item[]
  late?: (scale: number) => Item[]
  others?: (scale: number) => Item[]
  slower?: number
  /** Hosts that it takes to tell who is late; two where it is not said. */
  hosts?: number
  spec?: (stepUs: number) => Partial<ProfileSpec>
}

/** A layer's activations through a tensor group of 8, four times a layer and three passes: 64k tokens of 4096 numbers. */
const activations = 65_536 * model.embed * 2 * (7 / 8)
const gradients = (parameters * 2) / 16

const problems: Problem[] = [
  {
    name: 'tensor collectives',
    adds: (scale) => [
      {
        loop: 'while.t',
        times: model.layers,
        body: [collective('all-gather', 'all-gather.t', bySize(activations * 4, 90) * scale, activations)],
      },
    ],
  },
  {
    name: 'weights gathered late',
    adds: (scale) => [
      {
        loop: 'while.g',
        times: model.layers,
        body: [
          collective(
            'all-gather',
            'all-gather.w',
            bySize(((parameters * 2) / model.layers) * 3, 90) * scale,
            (parameters * 2) / model.layers,
          ),
        ],
      },
    ],
  },
  {
    name: 'gradients between slices',
    adds: (scale) => [{ op: sliceReceive(bySize(gradients, 2) * scale) }],
  },
  {
    name: 'experts all to all',
    adds: (scale) => [
      {
        loop: 'while.e',
        times: model.layers,
        body: [
          collective('all-to-all', 'all-to-all.e', bySize(tokens * 2 * model.embed * 2 * 4, 28) * scale, tokens * 2 * model.embed * 2),
        ],
      },
    ],
  },
  {
    name: 'reduce-scatter on SparseCore',
    adds: (scale) => [
      {
        op: {
          name: 'reduce-scatter.5.call-done',
          category: 'call-done',
          us: bySize(parameters * 2, 38) * scale,
          bytes: 0,
          flops: 0,
          expression:
            '%reduce-scatter.5.call-done = bf16[1004]{0} call-done(%reduce-scatter.5.call-start), async_execution_thread="sparsecore"',
        },
      },
    ],
  },
  { name: 'input', adds: (scale) => [{ idleUs: 650_000 * scale }] },
  { name: 'infeed', adds: (scale) => [{ op: { name: 'infeed.1', category: 'infeed', us: 600_000 * scale, bytes: tokens * 4, flops: 0 } }] },
  { name: 'activations offloaded', adds: (scale) => [{ op: hostCopy(bySize(model.layers * tokens * model.embed * 2 * 2, 6) * scale) }] },
  {
    name: 'one host late with input',
    late: (scale) => [{ idleUs: 700_000 * scale }],
    others: (scale) => [collective('all-reduce', 'all-reduce.sync', 700_000 * scale, gradients)],
  },
  { name: 'one host computes slowly', slower: 1.5, others: () => [] },
  {
    name: 'one host’s link is slow',
    hosts: 4,
    late: (scale) => [collective('all-gather', 'all-gather.link', bySize(activations, 1.2) * scale, activations)],
    others: (scale) => [
      collective('all-gather', 'all-gather.link', bySize(activations, 6) * scale, activations),
      collective('all-reduce', 'all-reduce.sync', (bySize(activations, 1.2) - bySize(activations, 6)) * scale, gradients),
    ],
  },
  { name: 'a checkpoint', spec: (stepUs) => ({ slowStep: { step: 3, idleUs: stepUs * 9 } }) },
  {
    name: 'compiled first',
    spec: (stepUs) => ({
      before: { items: [{ op: { name: 'rng.1', category: 'loop fusion', us: 20, bytes: 1e6, flops: 1e5 } }], idleUs: stepUs * 20 },
    }),
  },
]

/** All of them alone on both bases, and in pairs on training. */
export function bottleneckMixes(): { alone: Mix[]; pairs: Mix[] } {
  const alone = (['training', 'decoding'] as const).flatMap((base) => [
    mixOf(base, []),
    ...problems.map((problem) => mixOf(base, [problem])),
  ])
  const pairs = problems.flatMap((first, index) => problems.slice(index + 1).map((second) => mixOf('training', [first, second])))
  return { alone, pairs }
}

function mixOf(base: Base, wrong: readonly Problem[]): Mix {
  const step = baseStep(base)
  const own = spent(step)
  const scale = own.total / 1_000_000
  const late = wrong.reduce((factor, each) => Math.max(factor, each.slower ?? 1), 1)
  const lateStep = [
    ...wrong.flatMap((each) => each.late?.(scale) ?? []),
    ...slowed(step, late),
    ...wrong.flatMap((each) => each.adds?.(scale) ?? []),
  ]
  const waits = late > 1 ? [collective('all-reduce', 'all-reduce.wait', spent(slowed(step, late)).total - own.total, gradients)] : []
  const otherStep = [
    ...step,
    ...wrong.flatMap((each) => each.adds?.(scale) ?? []),
    ...waits,
    ...wrong.flatMap((each) => each.others?.(scale) ?? []),
  ]
  const isLate = late > 1 || wrong.some((each) => each.late !== undefined)
  const stepUs = spent(otherStep).total
  const others = ['host-b', 'host-c', 'host-d'].slice(0, Math.max(...wrong.map((each) => each.hosts ?? 2), 2) - 1)
  const spec = (hostname: string, items: Item[], seed: number): ProfileSpec => ({
    hostname,
    chip: v6e,
    cores: 2,
    steps: 6,
    step: items,
    jitter: 0.01,
    seed,
    mxuPercent: 31,
    ...Object.assign({}, ...wrong.map((each) => each.spec?.(stepUs) ?? {})),
  })
  return {
    name: [base, ...wrong.map((each) => each.name)].join(' + '),
    hosts: [spec('host-a', isLate ? lateStep : otherStep, 1), ...others.map((name, index) => spec(name, otherStep, index + 2))],
    expected: classOf(spent(isLate ? lateStep : otherStep)),
  }
}

interface Spent {
  total: number
  host: number
  exposed: number
  compute: number
  hbm: number
}

/** Where a step's time goes, from its list of work: what the reader must find in the profile of it. */
function spent(items: readonly Item[]): Spent {
  const sum: Spent = { total: 0, host: 0, exposed: 0, compute: 0, hbm: 0 }
  for (const item of items) {
    if ('idleUs' in item) add(sum, { total: item.idleUs, host: item.idleUs })
    else if ('loop' in item) {
      const inner = spent(item.body)
      for (const key of Object.keys(sum) as (keyof Spent)[]) sum[key] += inner[key] * item.times
    } else if ('op' in item) addOp(sum, item.op)
  }
  return sum
}

function add(sum: Spent, part: Partial<Spent>): void {
  for (const [key, value] of Object.entries(part)) sum[key as keyof Spent] += value
}

function addOp(sum: Spent, op: OpSpec): void {
  const communicates = /^(all-|reduce-scatter|collective|recv|send|call-done)/.test(op.category) || op.name.startsWith('recv')
  if (communicates) add(sum, { total: op.us, exposed: op.us })
  else if (op.category === 'infeed' || op.category === 'copy-done') add(sum, { total: op.us, host: op.us })
  else {
    const compute = (op.flops ?? 0) / v6e.tflops / 1e6
    const hbm = (op.bytes ?? 0) / v6e.hbmGbps / 1e3
    add(sum, { total: op.us, ...(compute >= hbm ? { compute: op.us } : { hbm: op.us }) })
  }
}

/** The contract's order: the host, then communication, then the roofline. */
function classOf({ total, host, exposed, compute, hbm }: Spent): BottleneckClass {
  if (host / total >= 0.3) return 'host'
  if (exposed / total >= 0.2) return 'communication'
  return compute >= hbm ? 'compute' : 'hbm'
}

function slowed(items: readonly Item[], factor: number): Item[] {
  if (factor === 1) return [...items]
  return items.map((item) =>
    'op' in item ? { op: { ...item.op, us: item.op.us * factor } } : 'loop' in item ? { ...item, body: slowed(item.body, factor) } : item,
  )
}

function sliceReceive(us: number): OpSpec {
  const name = 'recv-done.3'
  return {
    name,
    category: 'host recv-done',
    us,
    bytes: 0,
    flops: 0,
    expression: `%${name} = (bf16[501], token[]) recv-done((bf16[501], u32[], token[]) %recv.3), channel_id=6, is_host_transfer=true, frontend_attributes={_xla_host_transfer_handler_name="xla_megascale_runtime",_xla_megascale_transfer_type="ALL_REDUCE"}`,
  }
}

function hostCopy(us: number): OpSpec {
  const bytes = model.layers * tokens * model.embed * 2
  return {
    name: 'copy-done.7',
    category: 'copy-done',
    us,
    bytes,
    flops: 0,
    expression: `%copy-done.7 = bf16[${bytes / 2}]{0:S(5)} copy-done((bf16[${bytes / 2}]{0:S(5)}, bf16[${bytes / 2}]{0}, u32[]{:S(2)}) %copy-start.7)`,
  }
}
