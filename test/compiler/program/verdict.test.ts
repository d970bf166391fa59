import { describe, expect, it } from 'vitest'
import { lacks, needing } from '../../support/needs.ts'
import { runPython } from './support.ts'

const read = `
import json
from reference_program.verdict import out_of_memory
print(json.dumps([out_of_memory(message) for message in json.load(sys.stdin)]))
`
const figures = (messages: string[]) => runPython('python', read, JSON.stringify(messages)) as ([number, number] | null)[]

describe.skipIf(lacks('python'))(needing('what the compiler says when memory runs out', 'python'), () => {
  it('reads each form of the message', () => {
    const temporaries =
      'RESOURCE_EXHAUSTED: Ran out of memory on HBM, the total memory required for HLO temporaries (31.23G) exceeds available HBM (15.75G).'
    const used =
      'RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 33.78G of 31.25G hbm. Exceeded hbm capacity by 2.53G.'
    const megabytes = 'CompileTimeHbmOom: Ran out of memory in memory space hbm. Used 512.0M of 256.0M hbm.'
    const onlyExcess = 'RESOURCE_EXHAUSTED: Exceeded hbm capacity by 1.50G.'
    expect(figures([temporaries, used, megabytes, onlyExcess])).toEqual([
      [31.23, 15.75],
      [33.78, 31.25],
      [0.5, 0.25],
      [1.5, 0],
    ])
  })

  it('does not take another error for it', () => {
    expect(figures(['INVALID_ARGUMENT: Used 3G of 4G hbm', 'RESOURCE_EXHAUSTED: vmem limit exceeded', ''])).toEqual([null, null, null])
  })

  it("takes the host's buffers out of the compiler's peak", () => {
    const peaks = runPython(
      'python',
      `
import json
from types import SimpleNamespace
from reference_program.verdict import hbm_peak
names = ("argument", "host_argument", "temp", "host_temp")
cases = [([123, 0, 902, 0], 771), ([41, 82, 985, 0], 853), ([123, 0, 881, 768], 891), ([123, 0, 919, 1920], 2043), ([123, 0, 919, 300], 771)]
print(json.dumps([
    hbm_peak(SimpleNamespace(peak_memory_in_bytes=peak, **{f"{name}_size_in_bytes": size for name, size in zip(names, sizes)}))
    for sizes, peak in cases
]))
`,
    )
    // all arguments and the larger heap: the states on the host, then activations there, whose heap hides the device's where it
    // is larger
    expect(peaks).toEqual([
      [771, true],
      [771, true],
      [891, false],
      [1042, false],
      [771, true],
    ])
  })
})
