/**
 * What each key of an experiment means: its unit, what stands where it is absent, and an example. A key of the schema without a
 * line fails a test.
 */
interface KeyMeaning {
  key: string
  means: string
  unit?: string
  default?: string
  example: string
}

export const experimentKeys: readonly KeyMeaning[] = [
  { key: 'id', means: 'its name, which is its folder’s name; what people ask for in Slack', example: 'exp-123' },
  {
    key: 'framework',
    means: 'whose words the settings are written in, and whose laws of memory and time count',
    default: 'maxtext (train), vllm (prefill, decode)',
    example: 'maxtext',
  },
  { key: 'hardware.chip', means: 'the TPU generation', example: 'v5p' },
  {
    key: 'hardware.topology',
    means: 'the chips of one slice as a torus, or the slice’s name',
    unit: 'chips',
    example: '4x4x4, or v5p-128',
  },
  { key: 'hardware.slices', means: 'how many such slices the job spans', default: '1', example: '2' },
  { key: 'phase', means: 'training, or one of the two phases of serving', example: 'train' },
  {
    key: 'model',
    means: 'a name from knowledge/models.json, or the dimensions: embed, vocab, layers, heads, kv_heads, head_dim, mlp, experts and so on',
    example: 'llama2-70b',
  },
  {
    key: 'run.global_batch',
    means: 'what an optimizer step consumes on the whole job; decode: sequences in flight',
    unit: 'sequences',
    example: '256',
  },
  {
    key: 'run.seq_len',
    means: 'train: length of a sequence; prefill: of the prompt; decode: of the context in the KV cache',
    unit: 'tokens',
    example: '4096',
  },
  { key: 'run.microbatches', means: 'gradient accumulation steps inside an optimizer step', default: '1', example: '4' },
  { key: 'run.pipeline_microbatches', means: 'parts that a pipeline works on at a time', default: 'the number of stages', example: '16' },
  { key: 'run.activation_dtype', means: 'number type of activations', default: 'bf16', example: 'bf16' },
  {
    key: 'run.matmul_dtype',
    means: 'number type of matmuls: int8 or fp8 for quantized training',
    default: 'as activation_dtype',
    example: 'int8',
  },
  {
    key: 'run.weight_dtype',
    means: 'number type of the weights as they are stored',
    default: 'f32 (train), bf16 (serving)',
    example: 'f32',
  },
  {
    key: 'run.optimizer_dtype',
    means: 'number type of the optimizer’s state',
    default: 'as weight_dtype (MaxText), else f32',
    example: 'bf16',
  },
  { key: 'run.gradient_dtype', means: 'number type of the gradients', default: 'as weight_dtype', example: 'bf16' },
  { key: 'run.kv_dtype', means: 'number type of the KV cache', default: 'bf16', example: 'int8' },
  { key: 'run.optimizer', means: 'the optimizer, which decides its state', default: 'adamw (train), none (serving)', example: 'adafactor' },
  {
    key: 'run.remat',
    means: 'what is kept of a layer for the backward pass: none, full, or a MaxText policy’s name',
    default: 'full (train), none (serving)',
    example: 'minimal',
  },
  { key: 'run.attention', means: 'the attention kernel', default: 'flash', example: 'dot_product' },
  {
    key: 'run.moe',
    means: 'whether experts drop tokens beyond their capacity',
    default: 'dropless; dropping where capacity_factor is given',
    example: 'dropless',
  },
  { key: 'run.capacity_factor', means: 'room of an expert, over its even share of tokens', default: 'none', example: '1.25' },
  { key: 'run.output_len', means: 'serving: tokens that a request produces', unit: 'tokens', example: '512' },
  { key: 'run.input_len', means: 'serving: tokens of a request’s prompt', unit: 'tokens', example: '1024' },
  { key: 'run.concurrency', means: 'serving: requests in flight', unit: 'requests', default: 'decode: global_batch', example: '64' },
  {
    key: 'run.flags',
    means: 'compiler flags and the framework’s own settings by its names; what is not modelled is named in a note',
    example: '{num_vocab_tiling: 8}',
  },
  {
    key: 'mesh',
    means:
      'the mesh that runs, within one slice: replica, stage, data (FSDP), seq, model (tensor), expert; a framework’s own words are translated',
    default: 'none: one is found',
    example: '{data: 16, model: 4}',
  },
  { key: 'dcn', means: 'the mesh across slices; multiplies to slices', default: 'all data parallel', example: '{replica: 2}' },
  {
    key: 'profile',
    means: 'an XProf logdir or .xplane.pb, relative to the experiment’s folder and inside it',
    default: 'none: a cold start',
    example: 'profile',
  },
  { key: 'measured', means: 'what was measured: step_time_ms, ttft_ms, tpot_ms', unit: 'ms', example: '{step_time_ms: 28900}' },
  { key: 'objective', means: 'what meshes are ranked by', default: 'throughput', example: 'cost' },
  {
    key: 'slo',
    means: 'serving: ttft_ms, tpot_ms (medians) and their p99, that an answer must meet',
    unit: 'ms',
    example: '{tpot_ms: 40}',
  },
  {
    key: 'tune',
    means: 'what may be changed besides: mesh, remat, microbatches, batch, offload',
    default: '[mesh]',
    example: '[mesh, remat]',
  },
]

/** The table of the reference page. */
export function experimentKeysText(): string[] {
  const code = (text: string | undefined) => (text === undefined ? '' : `\`${text}\``)
  return [
    '| key | means | unit | default | example |',
    '|---|---|---|---|---|',
    ...experimentKeys.map((one) => `| \`${one.key}\` | ${one.means} | ${one.unit ?? ''} | ${one.default ?? ''} | ${code(one.example)} |`),
    '',
  ]
}
