import type { Card, Diagnosis } from '../../../src/contract/diagnosis.ts'

/**
 * The diagnosis of the design's example: a v5p-128 job bound by communication, three cards. Written by hand, for tests of what is
 * shown.
 */
export function sampleDiagnosis(overrides: Partial<Diagnosis> = {}): Diagnosis {
  return {
    run: 'run-sample',
    experiment: 'exp-123',
    bottleneck: {
      class: 'communication',
      confidence: 0.86,
      evidence: ['34% of the step waits on collectives with nothing else running', 'the top op is all-gather.412, 21% of self time'],
      also: ['hbm'],
    },
    kpis: {
      step_time_ms: 28_900,
      duty_cycle: 0.97,
      mxu_utilization: 0.51,
      hbm_bandwidth_utilization: 0.44,
      communication_share: 0.41,
      exposed_communication_share: 0.34,
      roofline_efficiency: 0.55,
      peak_hbm_gib: 71.2,
      mfu: 0.51,
    },
    top_ops: [
      op('all-gather.412', 'all-gather', 6069, 0.21, 'communication'),
      op('fusion.1182', 'convolution fusion', 5202, 0.18, 'compute'),
      op('reduce-scatter.77', 'reduce-scatter', 2601, 0.09, 'communication'),
    ],
    anti_patterns: [
      { kind: 'serialized_all_gather', ops: ['all-gather.412'], bytes: 2.1e9, share: 0.08, fix: 'turn on the latency-hiding scheduler' },
    ],
    baseline: null,
    cards: [card(1, { data: 32, model: 2 }), card(2, { data: 64 }), card(3, { replica: 2, data: 32 })],
    suggestions: [],
    second_reading: null,
    nearest: null,
    notes: [],
    reasoning: 'rules',
    timings_ms: { total: 2140 },
    cost_usd: null,
    ...overrides,
  }
}

function op(name: string, category: string, self_ms: number, share: number, bound_by: 'communication' | 'compute') {
  return { name, category, self_ms, share, bound_by, flops: null, bytes: null, source: null }
}

export function card(rank: 1 | 2 | 3, mesh: Card['mesh'], overrides: Partial<Card> = {}): Card {
  return {
    rank,
    mesh,
    dcn: {},
    changes: {},
    legal: true,
    violations: [],
    warnings: [],
    physical: 'contiguous',
    memory: {
      fits: true,
      probability: 0.99,
      certainty: 'clear',
      margin: 0.185,
      required_gib: 78,
      available_gib: 95.7,
      breakdown: { parameters: 8, optimizer: 16, gradients: 4, activations: 44, logits: 2, kv_cache: 0, workspace: 4 },
    },
    estimate: {
      step_time_ms: 22_400 + rank * 100,
      low_ms: 20_900,
      high_ms: 24_300,
      compute_ms: 17_000,
      hbm_ms: 3000,
      communication_ms: 4928,
      exposed_communication_ms: 2016,
      host_ms: 0,
      mfu: 0.66,
      tokens_per_second_per_chip: 730,
      usd_per_1000_steps: 1673,
      usd_per_million_tokens: 1.6,
      ttft_ms: null,
      tpot_ms: null,
      ttft_p99_ms: null,
      tpot_p99_ms: null,
      gain: { ratio: 1.29, low: 1.22, high: 1.36, probability: 0.98 },
      validated: '34 measured runs of dense training, v5e v5p v6e',
    },
    compiler: null,
    chosen_by: 'planner',
    predicted_speedup: 1.29,
    rationale: 'Exposed all-gathers over 16 chips take a third of the step. A wider data axis halves the tensor-parallel traffic.',
    evidence: [
      {
        kind: 'doc',
        stance: 'for' as const,
        moved: false,
        id: 'tensor-parallelism',
        title: 'Tensor parallelism, when it pays',
        uri: 'https://example.com/tp',
        score: 0.8,
      },
    ],
    snippets: { maxtext: `ici_fsdp_parallelism=${mesh.data ?? 1} ici_tensor_parallelism=${mesh.model ?? 1}` },
    ...overrides,
  }
}

/** The longest that anything in a diagnosis may come to be, with the characters that grow when escaped. */
export function longestDiagnosis(): Diagnosis {
  const long = (n: number) => '<&>🧮 '.repeat(Math.ceil(n / 6)).slice(0, n)
  const mesh = { replica: 999_999, stage: 999_999, data: 999_999, seq: 999_999, model: 999_999, expert: 999_999 }
  const huge: Partial<Card> = {
    dcn: mesh,
    physical: 'split',
    changes: { remat: long(100), global_batch: 1e12, microbatches: 1e12, flags: { [long(200)]: long(2000) } },
    warnings: Array.from({ length: 20 }, () => ({ rule: long(100), message: long(5000) })),
    rationale: long(20_000),
    evidence: Array.from({ length: 50 }, (_, at) => ({
      kind: 'case' as const,
      stance: 'for' as const,
      moved: false,
      id: `${at}`,
      title: long(500),
      uri: `https://example.com/${'x'.repeat(1900)}`,
      score: 1,
    })),
    snippets: { maxtext: long(30_000), pax: long(30_000), jax: long(30_000) },
    compiler: {
      status: 'error',
      required_gib: 1e9 + 0.123,
      available_gib: 95.7,
      step_time_ms: 1e12,
      effort: 'full',
      program: 'reference',
      versions: {},
      seconds: 1e9,
      message: long(20_000),
    },
  }
  const base = sampleDiagnosis()
  const figure = 123_456_789.123
  return {
    ...base,
    run: 'r'.repeat(100),
    experiment: 'e'.repeat(128),
    bottleneck: {
      class: 'communication',
      confidence: 0.987,
      evidence: Array.from({ length: 40 }, () => long(4000)),
      also: ['hbm', 'host', 'compute', 'capacity'],
    },
    top_ops: Array.from({ length: 100 }, () => ({ ...op(long(5000), long(5000), figure, 0.5, 'compute') })),
    anti_patterns: Array.from({ length: 50 }, () => ({ kind: long(400), ops: [long(400)], bytes: 1, share: 0.5, fix: long(5000) })),
    baseline: { ...card(1, mesh, huge) },
    cards: [card(1, mesh, huge), card(2, mesh, huge), card(3, mesh, huge)],
    notes: Array.from({ length: 40 }, () => long(5000)),
    reasoning: 'gemini',
    timings_ms: Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`stage${at}`, figure])),
    cost_usd: 123.456,
  }
}
