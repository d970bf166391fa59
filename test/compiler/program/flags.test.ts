import { describe, expect, it } from 'vitest'
import { lacks, needing } from '../../support/needs.ts'
import { runPython } from './support.ts'

const asked = (flags: Record<string, string>, remat = 'full') =>
  runPython(
    'python',
    `
import json
from reference_program.flags import compiler_options, custom_tensors, not_compiled, optimizer_on_host
from reference_program.request import Run
run = Run(global_batch=1, seq_len=1, **json.load(sys.stdin))
print(json.dumps([compiler_options(run), custom_tensors(run), not_compiled(run), optimizer_on_host(run)]))
`,
    JSON.stringify({ flags, remat }),
  )

describe.skipIf(lacks('python'))(needing("a run's flags", 'python'), () => {
  it('finds compiler flags by themselves and in the variables that carry them', () => {
    expect(asked({ LIBTPU_INIT_ARGS: '--xla_tpu_a=true  --xla_b=98304 --xla_c', xla_d: 'AUTO', scan_layers: 'true' })).toEqual([
      { xla_tpu_a: 'true', xla_b: '98304', xla_c: 'true', xla_d: 'AUTO' },
      null,
      ['scan_layers'],
      false,
    ])
  })

  it('lets nothing through that could write or reach somewhere', () => {
    const flags = { XLA_FLAGS: '--xla_dump_to=x --xla_a=/etc/passwd --xla_log_dir=a --other=1 --xla_b=$(id)', 'xla_c\n--xla_dump_to': 'x' }
    expect(asked(flags)).toEqual([{}, null, ['xla_dump_to', 'xla_a', 'xla_log_dir', 'other', 'xla_b', 'xla_c\n--xla_dump_to'], false])
  })

  it("reads MaxText's single tensors and the offload of optimizer states", () => {
    const flags = { qkv_proj: 'offload', decoder_layer_input: 'device', mlpwo: 'remat', optimizer_memory_host_offload: 'True' }
    expect(asked(flags, 'custom')).toEqual([{}, [['decoder_layer_input'], ['query_proj', 'key_proj', 'value_proj']], [], true])
    expect(asked({ mlpwi: 'device' })).toEqual([{}, [['mlpwi'], []], ['mlpwi'], false])
  })
})
