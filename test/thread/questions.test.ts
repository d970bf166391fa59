import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../src/thread/intent.ts'
import { answerable } from '../../src/thread/nearest-questions.ts'
import { llamaExperiment, openTestService, requestFor, signal } from '../runs/service-fixture.ts'

describe('a question about the answer, without a model', () => {
  let test: Awaited<ReturnType<typeof openTestService>>
  beforeAll(async () => {
    test = await openTestService()
    await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
  })
  afterAll(() => test.close())
  const ask = (text: string) => {
    const reading = read(text, { mentioned: true, cards: 3 })
    return test.thread.answer({ run: 'r-1', tenant: 'T1', text, by: 'U1', reading }, { signal })
  }

  it.each([
    ['why is it slow?', /bound by communication/],
    ['为什么这么慢', /bound by communication/],
    ['what is the bottleneck?', /35\.3 s per step/],
    ['how sure are you?', /90% confident.*\nCard 1 .*likely better/],
    ['what would 10k steps cost', /Now .*\$[\d,]+ for 10,000 steps[\s\S]*Card 1 .*\$[\d,]+ for 10,000 steps/],
    ['how long for 10,000 steps?', /days for 10,000 steps/],
    ['how do I run card 2?', /^Card 2 .* in maxtext: start the job with\nici_/],
    ['give me the jax version of card 1', /create_device_mesh/],
    ['give me the vllm flags', /--tensor-parallel-size/],
    ['would int8 help?', /With matmul_dtype=int8, .*quality/s],
    ['does the loss stay the same with card 1?', /loss stays the same up to rounding/],
    ['how much hbm is left with card 2', /Card 2 .*GiB free/],
    ['what does exposed mean?', /nothing else runs/],
    ['is that MFU normal for v5p?', /MFU: 41%\. Predicted for card 1/],
    ['did the compiler check these?', /not compiled/],
    ['which op eats the most time', /all-reduce\.17 .*12%/],
    ['why is the allgather so big', /31% with nothing else running/],
    ['why is card 2 better than card 1?', /^Card 1: .* Card 2: /],
    ['can we do better than this', /^Best that was found: fsdp 64 instead of fsdp 8/],
    ['what is fsdp?', /^FSDP/],
    ['use 2 slices', /2 slices of v5p-128 \(2 × 64 = 128 chips\): .*across slices .*\n.*\n.*dcn_data_parallelism=2/s],
  ])('%s', async (text, answer) => {
    const { kind, text: said } = await ask(text)
    expect(kind).not.toBe('unknown')
    expect(said).toMatch(answer)
  })

  it.each(answerable)('what is offered as answerable is answered: %s', async (text) => {
    expect((await ask(text)).kind).not.toBe('unknown')
    expect(read(text, { mentioned: false, cards: 3 }).intent).not.toBe('ignore')
  })

  it('what cannot be answered gets one line with the three nearest that can', async () => {
    const { kind, text, instead } = await ask('who painted this picture of a cat?')
    expect(kind).toBe('unknown')
    expect(text.split('\n')).toHaveLength(1)
    expect(instead).toHaveLength(3)
    const poetry = await ask('please tell me everything about remat in poetry')
    expect([poetry.text, ...(poetry.instead ?? [])].join(' ')).toMatch(/remat/i)
  })
})
