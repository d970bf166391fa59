import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMaxTextOutput } from '../../src/compiler/read-maxtext-output.ts'

const folder = fileURLToPath(new URL('../fixtures/maxtext-compile/', import.meta.url))
const recording = (id: string) => readFileSync(`${folder}${id}.txt`, 'utf8')
const recordings = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.slice(0, -4))
const gib = 2 ** 30

describe('readMaxTextOutput, on what a real train_compile printed', () => {
  it.each([
    ['mesh-not-the-chips', 'AssertionError: Number of devices per slice 16 does not match the product of the ICI parallelism 8'],
    ['split-without-the-flag', 'NotImplementedError: Failed to find assignment for logical_axis_index 8 of size 2'],
    ['tensor-over-kv-heads', 'ValueError: num_kv_heads (8) for AttentionType.GLOBAL attention layers must be divisible by 16'],
    ['batch-not-divisible', "IndivisibleError: axis 0 of data['inputs'] is 24 long, which 16 does not divide"],
    ['sequence-not-divisible', "IndivisibleError: axis 1 of data['inputs'] is 2047 long, which 4 does not divide"],
    [
      'layers-not-divisible',
      'MaxText refuses its settings: Assertion failed, The number of layers per stage (1) times the number of stages (4)',
    ],
    ['unknown-setting', 'MaxText has no setting ici_fdsp_parallelism'],
    ['unknown-model', "MaxText refuses its settings: model_name Input should be 'default'"],
    ['unknown-topology', 'MaxText refuses its settings: Invalid compile topology: v5e-24.'],
    ['unknown-remat-policy', 'AssertionError: Remat policy needs to be on list of remat policies'],
  ])('%s is a refusal', (id, message) => {
    const read = readMaxTextOutput(recording(id))
    expect(read).toMatchObject({ status: 'error', requiredGib: null, availableGib: null })
    expect(read.message).toContain(message)
    expect(read.message!.length).toBeLessThanOrEqual(300)
  })

  it.each([
    ['oom-llama2-7b-v5e', 31.22],
    ['oom-minimal-llama2-7b-v5e', 29.36],
  ])('%s is out of memory, with both figures', (id, requiredGib) => {
    expect(readMaxTextOutput(recording(id))).toMatchObject({
      status: 'oom',
      requiredGib,
      availableGib: 15.75,
      versions: { jax: '0.12.0.1', jaxlib: '0.12.0.1' },
      message: expect.stringContaining('CompileTimeHbmOom'),
    })
  })

  it.each([
    [
      'RESOURCE_EXHAUSTED: E1001: CompileTimeScopedVmemOom:\nRan out of memory in memory space vmem while allocating on stack for %gmm.1 = f32[16384,512]{1,0:T(8,128)} custom-call().\nScoped allocation with size 18.00M and limit 16.00M exceeded scoped vmem limit by 2.00M.',
      'the kernel gmm.1 needs 18.00M of scoped VMEM and may have 16.00M',
    ],
    [
      'RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space vmem. Used 59.79M of 16.00M vmem. Exceeded vmem capacity by 43.79M.',
      'a kernel needs 59.79M of scoped VMEM and may have 16.00M',
    ],
    ['RESOURCE_EXHAUSTED: Ran out of memory in memory space vmem', 'a kernel needs more scoped VMEM than it may have'],
  ])('a kernel beyond its scoped VMEM is no verdict on HBM: %s', (line, message) => {
    const read = readMaxTextOutput(`jax.errors.JaxRuntimeError: ${line}\n`)
    expect(read).toMatchObject({ status: 'error', requiredGib: null, availableGib: null, message: expect.stringContaining(message) })
    expect(read.message).toContain('says nothing of HBM')
  })

  it.each([
    // the same program as k01 of the data beside a checkout: sum 11.457, peak 11.305
    ['fits-llama2-7b-v5e', 11.457],
    ['fits-split-save-qkv-gemma-2b-v5e', 7.353],
    ['fits-two-slices-gemma-2b-v5e', 5.403],
    ['fits-moe-mixtral-v6e', 10.082],
  ])('%s fits, in the sum of its buffers where no peak was told', (id, requiredGib) => {
    const read = readMaxTextOutput(recording(id))
    expect(read).toMatchObject({ status: 'fits', availableGib: null, versions: { jax: '0.12.0.1', jaxlib: '0.12.0.1' } })
    expect(read.requiredGib).toBeCloseTo(requiredGib, 3)
  })

  it('fits, in its peak and with all versions where tell_peak.py told them', () => {
    expect(readMaxTextOutput(recording('fits-told-gemma-2b-v5e'))).toEqual({
      status: 'fits',
      requiredGib: expect.closeTo(7.308, 3),
      availableGib: null,
      versions: { maxtext: '0.2.5', jax: '0.12.0.1', jaxlib: '0.12.0.1', libtpu: '0.0.52' },
      message: null,
    })
  })

  it('has a test for every recording', () => {
    const source = readFileSync(fileURLToPath(import.meta.url), 'utf8')
    expect(recordings.filter((id) => !source.includes(`'${id}'`))).toEqual([])
  })
})

describe('readMaxTextOutput', () => {
  const finished = 'Jitting and compilation complete!\nFinished train_compile.py successfully!\n'
  const stats =
    'Memory analysis: CompiledMemoryStats(generated_code_size_in_bytes=0, argument_size_in_bytes=4294967296, output_size_in_bytes=4294967296, alias_size_in_bytes=4294967296, temp_size_in_bytes=2147483648)\n'

  it('takes the peak that was told, and the sum only where there is none', () => {
    const told = `prompts: jax 0.12.0.1\nprompts: libtpu 0.0.52\nprompts: peak_memory_in_bytes=${5 * gib}\n`
    expect(readMaxTextOutput(told + finished + stats)).toMatchObject({
      status: 'fits',
      requiredGib: 5,
      versions: { jax: '0.12.0.1', libtpu: '0.0.52' },
      message: null,
    })
    expect(readMaxTextOutput(finished + stats)).toMatchObject({ status: 'fits', requiredGib: 6, message: expect.stringContaining('sum') })
  })

  it('says where the peak is only a bound', () => {
    const told = `prompts: peak_memory_in_bytes_at_most=${3 * gib}\n`
    expect(readMaxTextOutput(told + finished)).toMatchObject({ requiredGib: 3, message: expect.stringContaining('at most') })
  })

  it('does not take a peak alone for a program that compiled', () => {
    expect(readMaxTextOutput(`prompts: peak_memory_in_bytes=${gib}\n${stats}`).status).toBe('unknown')
  })

  it('blames no card for a broken installation', () => {
    for (const last of [
      "ModuleNotFoundError: No module named 'maxtext'",
      "FileNotFoundError: [Errno 2] No such file or directory: 'base.yml'",
      "RuntimeError: Unable to initialize backend 'tpu': UNAVAILABLE: No TPU",
      'KeyboardInterrupt',
    ]) {
      const read = readMaxTextOutput(`Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    x()\n${last}\n`)
      expect(read).toMatchObject({ status: 'unknown', requiredGib: null })
      expect(read.message).toContain(last.split(':')[0])
    }
  })

  it('reads what is wrong with the settings where MaxText ends without a traceback', () => {
    const bar = `E1123 17:20:00.000000 1 pyconfig.py:395] ${'='.repeat(80)}`
    const line = "E1123 17:20:00.000000 1 pyconfig.py:396] MAXTEXT CONFIG ERROR: 'ici_x' not in 'emb_dim', 'mlp_dim'."
    expect(readMaxTextOutput(`${bar}\n${line}\n${bar}\n`)).toMatchObject({ status: 'error', message: 'MaxText has no setting ici_x' })
  })

  it('is silent on noise, and no text breaks it', () => {
    expect(readMaxTextOutput('hello')).toEqual({ status: 'unknown', requiredGib: null, availableGib: null, versions: {}, message: null })
    const words = fc.constantFrom(
      'Traceback (most recent call last):',
      'RESOURCE_EXHAUSTED: ',
      '(31.22G) exceeds available HBM (15.75G)',
      '(..G) exceeds available HBM (.M)',
      'CompiledMemoryStats(',
      'argument_size_in_bytes=9',
      'prompts: peak_memory_in_bytes=1',
      'MAXTEXT CONFIG ERROR: ',
      'ValueError: ',
      '  File "x"',
      '\n',
      ')',
    )
    const text = fc.array(fc.oneof(words, fc.string()), { maxLength: 40 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (output) => {
        const { status, requiredGib, message } = readMaxTextOutput(output)
        expect(['fits', 'oom', 'error', 'unknown']).toContain(status)
        if (requiredGib !== null) expect(['fits', 'oom']).toContain(status)
        expect(message?.length ?? 0).toBeLessThanOrEqual(300)
      }),
      { numRuns: 500 },
    )
  })

  it('reads a cut recording without taking it for one that fits', () => {
    for (const id of recordings) {
      const whole = recording(id)
      fc.assert(
        fc.property(fc.nat(whole.length), (length) => {
          const { status } = readMaxTextOutput(whole.slice(0, length))
          if (status === 'fits') expect(readMaxTextOutput(whole).status).toBe('fits')
        }),
        { numRuns: 20 },
      )
    }
  })
})
