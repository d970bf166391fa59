import { describe, expect, it } from 'vitest'
import { phaseOfNames } from '../../src/profile/capture-kind.ts'
import { readProfileBytes } from '../support/read-profile-bytes.ts'
import { type ProfileSpec, syntheticProfile } from '../support/synthetic-profile.ts'

const spec: ProfileSpec = {
  hostname: 'host-a',
  chip: { type: 'TPU v6 Lite', tflops: 918, hbmGbps: 1640 },
  cores: 1,
  steps: 4,
  step: [{ op: { name: 'fusion.1', category: 'loop fusion', us: 900, flops: 1e6, bytes: 1e9 } }],
}
const notesOf = async (changes: Partial<ProfileSpec>): Promise<string> =>
  (await readProfileBytes('made', syntheticProfile({ ...spec, ...changes }))).notes.join('\n')

describe('what kind of capture a profile is', () => {
  it('says that serving has no training steps, with markers and without', async () => {
    for (const stepsLine of [true, false])
      expect(await notesOf({ program: 'jit_decode', stepsLine })).toMatch(
        /A capture of serving \(jit_decode\(4242\)\)|A capture of serving \(jit_decode\)/,
      )
    expect(await notesOf({ program: 'jit_train_step' })).not.toContain('serving')
    expect(await notesOf({ program: 'jit_f' })).not.toContain('serving')
  })

  it('says what a capture through Pathways cannot show, of a worker and of the client', async () => {
    const hostEvents = [{ name: 'IfrtProxyServer::Execute', us: 10, everyUs: 100, count: 3 }]
    expect(await notesOf({ hostEvents })).toContain('Captured through Pathways')
    expect(await notesOf({ hostEvents, cores: 0 })).toContain('the client of a Pathways job')
    expect(await notesOf({})).not.toContain('Pathways')
  })

  it('takes training before serving', () => {
    expect(phaseOfNames(['jit_train_step', 'jit_generate'], [])).toBe('training')
    expect(phaseOfNames(['jit_generate'], ['fusion.transpose_jvp'])).toBe('training')
    expect(phaseOfNames(['jit_prefill'], ['fusion.3'])).toBe('serving')
    expect(phaseOfNames(['jit_f'], ['fusion.3'])).toBeNull()
  })
})
