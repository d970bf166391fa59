import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMaxTextOutput } from '../../src/compiler/read-maxtext-output.ts'

describe('readMaxTextOutput', () => {
  it('reads both figures of an out-of-memory error', () => {
    const read = readMaxTextOutput(
      'jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Ran out of memory: CompileTimeHbmOom: total memory required for HLO temporaries (31.22G) exceeds available HBM (15.75G)\n',
    )
    expect(read).toMatchObject({ status: 'oom', requiredGib: 31.22, availableGib: 15.75 })
  })

  it('follows the peak, and the sum only where there is no peak', () => {
    const stats = (rest: string) =>
      `Memory analysis: CompiledMemoryStats(generated_code_size_in_bytes=0, argument_size_in_bytes=4294967296, output_size_in_bytes=4294967296, alias_size_in_bytes=4294967296, temp_size_in_bytes=2147483648${rest})`
    expect(readMaxTextOutput(stats(', peak_memory_in_bytes=5368709120'))).toMatchObject({ status: 'fits', requiredGib: 5 })
    expect(readMaxTextOutput(stats(''))).toMatchObject({ status: 'fits', requiredGib: 6 })
  })

  it('names an error and is silent on noise', () => {
    expect(readMaxTextOutput('Traceback:\nValueError: Number of devices 16 does not match\n')).toMatchObject({
      status: 'error',
      message: expect.stringContaining('16'),
    })
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readMaxTextOutput(text).status).toBeDefined()
      }),
    )
    expect(readMaxTextOutput('hello').status).toBe('unknown')
  })
})
