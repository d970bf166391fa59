import type { BottleneckClass } from '../../src/contract/profile-report.ts'
import type { ChipSpec, Item, OpSpec, ProfileSpec } from './synthetic-profile.ts'

/** Synthetic profiles of every bottleneck, and of the shapes a profile can have. */
export interface ProfileKind {
  name: string
  class: BottleneckClass
  hosts: ProfileSpec[]
}

const v5p: ChipSpec = { type: 'TPU v5p', tflops: 229.5, hbmGbps: 1382.5, vmemGbps: 20_000, megacore: true }
const v6e: ChipSpec = { type: 'TPU v6 Lite', tflops: 918, hbmGbps: 1638, vmemGbps: 20_000 }
const v5e: ChipSpec = { type: 'TPU v5 Lite', tflops: 197, hbmGbps: 819 }

/** A matrix product at `part` of v6e's peak. */
function matmul(name: string, us: number, part = 0.7, chip = v6e): OpSpec {
  return {
    name,
    category: 'convolution fusion',
    us,
    flops: us * chip.tflops * 1e6 * part,
    bytes: us * chip.hbmGbps * 1e3 * 0.2,
    tfOp: `jit(step)/${name}:`,
    source: 'model.py:12',
  }
}

/** Reading and writing HBM at `part` of its bandwidth. */
function elementwise(name: string, us: number, part = 0.8, chip = v6e): OpSpec {
  const bytes = us * chip.hbmGbps * 1e3 * part
  return { name, category: 'loop fusion', us, flops: bytes / 4, bytes }
}

function collective(kind: string, name: string, us: number, bytes = 1 << 24): OpSpec {
  return {
    name,
    category: kind,
    us,
    bytes: bytes * 2,
    flops: kind === 'all-reduce' ? bytes / 2 : 0,
    expression: `%${name} = bf16[${bytes / 2}]{0} ${kind}(bf16[${bytes / 2}]{0} %p), channel_id=1, replica_groups={{0,1,2,3},{4,5,6,7}}, use_global_device_ids=true`,
  }
}

function hostCopy(name: string, us: number): OpSpec {
  return {
    name,
    category: 'copy-done',
    us,
    bytes: us * 60_000,
    expression: `%${name} = f32[1024]{0} copy-done((f32[1024]{0}, f32[1024]{0:S(5)}, u32[]{:S(2)}) %copy-start)`,
  }
}

const base = {
  hostname: 'synthetic-profile',
  note: 'synthetic',
  chip: v6e,
  cores: 4,
  steps: 6,
  gapUs: 4,
  jitter: 0.03,
  mxuPercent: 31,
  memoryGib: { reserved: 4, allocated: 12, available: 15 },
} satisfies Partial<ProfileSpec>

function kind(name: string, bottleneck: BottleneckClass, step: Item[], more: Partial<ProfileSpec> = {}): ProfileKind {
  return { name, class: bottleneck, hosts: [{ ...base, step, ...more }] }
}

const ops = (...list: OpSpec[]): Item[] => list.map((op) => ({ op }))

/** A new list at each call: specs are plain data that a test may change. */
export function profileKinds(): ProfileKind[] {
  return [
    kind('compute-dense', 'compute', [
      {
        loop: 'while.1',
        times: 12,
        body: ops(
          matmul('fusion.qkv', 210),
          matmul('fusion.mlp', 420, 0.8),
          elementwise('fusion.norm', 40),
          collective('all-reduce', 'all-reduce.1', 30),
        ),
      },
      ...ops(elementwise('fusion.adam', 300)),
    ]),
    kind(
      'compute-vmem',
      'compute',
      ops(
        { name: 'fusion.vmem', category: 'loop fusion', us: 900, flops: 4e9, bytes: 1e8, vmemBytes: 1.6e10 },
        elementwise('fusion.cast', 200),
        matmul('fusion.small', 100, 0.3),
      ),
    ),
    kind('hbm-decode', 'hbm', [
      {
        loop: 'while.1',
        times: 20,
        body: ops(
          { ...matmul('fusion.weights', 100, 0.02), bytes: 100 * 1638e3 * 0.85 },
          elementwise('fusion.cache', 60),
          collective('all-reduce', 'all-reduce.7', 9, 1 << 18),
        ),
      },
    ]),
    kind('hbm-optimizer', 'hbm', [
      ...ops(elementwise('fusion.adam', 2500), elementwise('fusion.clip', 400)),
      { loop: 'while.1', times: 4, body: ops(matmul('fusion.a', 120)) },
    ]),
    kind('communication-tensor', 'communication', [
      {
        loop: 'while.1',
        times: 16,
        body: ops(
          collective('all-gather', 'all-gather.3', 70),
          matmul('fusion.qkv', 90),
          collective('reduce-scatter', 'reduce-scatter.4', 75),
          elementwise('fusion.norm', 20),
          matmul('fusion.mlp', 110),
        ),
      },
    ]),
    kind('communication-in-flight', 'communication', [
      {
        loop: 'while.1',
        times: 10,
        body: [
          { start: '9', collective: 'all-gather', us: 150, bytes: 1 << 25 },
          ...ops(matmul('fusion.1', 62), matmul('fusion.2', 50), elementwise('fusion.3', 30)),
          { done: '9' },
          ...ops(matmul('fusion.4', 55), matmul('fusion.5', 56), collective('all-reduce', 'all-reduce.2', 63)),
        ],
      },
    ]),
    kind('communication-experts', 'communication', [
      {
        loop: 'while.1',
        times: 8,
        body: ops(
          matmul('fusion.router', 30),
          collective('all-to-all', 'all-to-all.1', 90),
          matmul('fusion.experts', 160),
          collective('all-to-all', 'all-to-all.2', 95),
        ),
      },
    ]),
    kind('communication-slices', 'communication', [
      { loop: 'while.1', times: 3, body: ops(matmul('fusion.layers', 700)) },
      ...ops(
        collective('reduce-scatter', 'reduce-scatter.dcn', 150),
        {
          name: 'send-done.1',
          category: 'send-done',
          us: 10,
          bytes: 1e6,
          expression: '%send-done.1 = token[] send-done((bf16[512], u32[], token[]) %send.1), channel_id=9',
        },
        {
          name: 'recv-done.2',
          category: 'recv-done',
          us: 900,
          bytes: 1e6,
          expression: '%recv-done.2 = (bf16[512], token[]) recv-done((bf16[512], u32[], token[]) %recv.2), channel_id=10',
        },
      ),
    ]),
    kind('host-idle', 'host', [...ops(matmul('fusion.step', 900), elementwise('fusion.loss', 100))], {
      gapUs: 700,
      hostEvents: [{ name: 'IteratorGetNext', us: 600, everyUs: 1700, count: 6 }],
    }),
    kind(
      'host-infeed',
      'host',
      ops({ name: 'infeed.1', category: 'infeed', us: 600, bytes: 1e7 }, matmul('fusion.step', 800), {
        name: 'outfeed.2',
        category: 'outfeed',
        us: 50,
        bytes: 1e6,
      }),
    ),
    kind(
      'host-offload',
      'host',
      ops(hostCopy('copy-done.1', 500), matmul('fusion.forward', 400), hostCopy('copy-done.2', 450), matmul('fusion.backward', 500)),
    ),
    kind(
      'megacore',
      'compute',
      [
        {
          loop: 'while.1',
          times: 6,
          body: ops(
            matmul('fusion.1', 200, 0.7, v5p),
            elementwise('fusion.2', 60, 0.8, v5p),
            { name: 'fusion.617', category: 'megacore fusion', us: 40 },
            collective('all-reduce', 'all-reduce.3', 30),
          ),
        },
      ],
      { chip: v5p, coresPerChip: 2 },
    ),
    kind('sparse-cores', 'compute', ops(matmul('fusion.dense', 700), elementwise('fusion.embed', 200)), { sparseCores: 4, gapUs: 150 }),
    kind(
      'inference',
      'hbm',
      [
        {
          loop: 'while.1',
          times: 5,
          body: ops({ ...matmul('fusion.w', 80, 0.05), bytes: 80 * 819e3 * 0.8 }, elementwise('fusion.k', 20, 0.7, v5e)),
        },
      ],
      { chip: v5e, stepsLine: false, steps: 9, program: 'jit_generate' },
    ),
    kind('partial-steps', 'compute', [{ loop: 'while.1', times: 10, body: ops(matmul('fusion.1', 150), elementwise('fusion.2', 30)) }], {
      partial: true,
    }),
    kind(
      'straggler',
      'compute',
      [{ loop: 'while.1', times: 8, body: ops(matmul('fusion.1', 300), collective('all-reduce', 'all-reduce.1', 12)) }],
      { slow: { core: 2, factor: 1.15 } },
    ),
    kind('custom-kernels', 'compute', [
      {
        loop: 'while.1',
        times: 6,
        body: ops(
          matmul('fusion.1', 260),
          {
            name: 'flash.2',
            category: 'custom-call',
            us: 90,
            opaque: true,
            expression: '%flash.2 = bf16[8,128] custom-call(bf16[8,128] %p), custom_call_target="tpu_custom_call"',
          },
          elementwise('fusion.3', 30),
        ),
      },
    ]),
    kind(
      'nested-loops',
      'compute',
      [
        {
          loop: 'while.outer',
          times: 3,
          body: [
            ...ops(elementwise('fusion.pre', 20)),
            { loop: 'while.inner', times: 5, body: ops(matmul('fusion.in', 90), elementwise('fusion.mid', 15)) },
          ],
        },
        ...ops(matmul('fusion.last', 120)),
      ],
      { jitter: 0 },
    ),
    {
      name: 'two-hosts',
      class: 'compute',
      hosts: ['synthetic-a', 'synthetic-b'].map((hostname, index) => ({
        ...base,
        hostname,
        seed: index + 3,
        step: [
          {
            loop: 'while.1',
            times: 8,
            body: ops(matmul('fusion.1', 220), collective('all-gather', 'all-gather.1', 25), elementwise('fusion.2', 30)),
          },
        ],
      })),
    },
  ]
}
