import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CompilerOptions, createCompiler } from '../../src/compiler/compiler.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { soon } from '../support/soon.ts'
import { exampleWorkload } from '../support/workload.ts'

const folders: string[] = []
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'prompts-compiler-'))
  folders.push(home)
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const candidate = { mesh: { data: 16 }, dcn: {}, changes: {}, physical: 'contiguous' as const }
const signal = new AbortController().signal

const answer = (status: string, requiredGib: number | null) =>
  JSON.stringify({
    status,
    required_gib: requiredGib,
    available_gib: 15.75,
    memory: null,
    seconds: { lower: 1, compile: 2 },
    versions: { jax: '1' },
    effort: 'full',
    message: null,
    hlo_path: null,
  })

/** A stand-in for Python: answers --versions, counts its calls by effort, then does `behave`. */
function compilerWith(behave: string, options: Partial<CompilerOptions> = {}) {
  const python = join(home, 'python')
  const calls = join(home, 'calls')
  writeFileSync(calls, '')
  writeFileSync(
    python,
    `#!/bin/sh
if [ "$2" = --versions ]; then echo '{"jax":"1"}'; exit 0; fi
input=$(cat)
case "$input" in *'"effort":"fast"'*) effort=fast ;; *) effort=full ;; esac
echo "$effort" >> ${calls}
${behave}
`,
  )
  chmodSync(python, 0o755)
  const compiler = createCompiler({
    home,
    python,
    processes: 1,
    memoryGib: 4,
    timeoutMs: 60_000,
    maxtextCommand: null,
    study: null,
    ...options,
  })
  return {
    compiler,
    efforts: () =>
      readFileSync(calls, 'utf8')
        .trim()
        .split('\n')
        .filter((line) => line !== ''),
  }
}

describe('createCompiler', () => {
  it('takes a fast verdict that is clear of the limit', async () => {
    const { compiler, efforts } = compilerWith(`echo '${answer('fits', 10)}'`)
    const { verdict } = await compiler.compile(exampleWorkload(), candidate, { full: false, signal })
    expect(verdict).toMatchObject({ status: 'fits', required_gib: 10, effort: 'fast', program: 'reference' })
    expect(efforts()).toEqual(['fast'])
  })

  it('takes an assertion inside the compiler for no word on the mesh, and asks at full effort', async () => {
    const broken = answer('error', null).replace(
      '"message":null',
      '"message":"JaxRuntimeError: INTERNAL: RET_CHECK failure (hlo_instruction.cc:3699)"',
    )
    const both = compilerWith(`echo '${broken}'`)
    const { verdict } = await both.compiler.compile(exampleWorkload(), candidate, { full: false, signal })
    expect(verdict).toMatchObject({
      status: 'unknown',
      effort: 'full',
      message: expect.stringMatching(/^the compiler itself failed: .*RET_CHECK/),
    })
    expect(both.efforts()).toEqual(['fast', 'full'])
  })

  it.each([
    ['near the limit', answer('fits', 14.5)],
    ['out of memory', answer('oom', 31)],
  ])('asks full effort when fast is %s', async (_, text) => {
    const { compiler, efforts } = compilerWith(`echo '${text}'`)
    expect((await compiler.compile(exampleWorkload(), candidate, { full: false, signal })).verdict.effort).toBe('full')
    expect(efforts()).toEqual(['fast', 'full'])
  })

  it('takes the reference program for an engine where it fits, and for no word on it where it does not', async () => {
    let seqLen = 1024
    const statusOf = async (status: string, workload: Partial<Workload>) => {
      // another question each time
      seqLen *= 2
      const { compiler } = compilerWith(`echo '${answer(status, status === 'oom' ? 31 : 10)}'`)
      return (await compiler.compile(exampleWorkload(workload), { ...candidate, changes: { seq_len: seqLen } }, { full: true, signal }))
        .verdict
    }
    expect((await statusOf('fits', { framework: 'vllm', phase: 'decode' })).status).toBe('fits')
    expect(await statusOf('oom', { framework: 'sglang', phase: 'decode' })).toMatchObject({
      status: 'unknown',
      message: expect.stringMatching(/needs 31.0 GiB, which says nothing of sglang/),
    })
    expect((await statusOf('oom', { framework: 'maxtext', phase: 'decode' })).status).toBe('oom')
  })

  it('answers the same question from the cache, another one not', async () => {
    const { compiler, efforts } = compilerWith(`echo '${answer('fits', 10)}'`)
    await compiler.compile(exampleWorkload(), candidate, { full: true, signal })
    await compiler.compile(exampleWorkload(), candidate, { full: true, signal })
    expect(efforts()).toEqual(['full'])
    await compiler.compile(exampleWorkload(), { ...candidate, changes: { remat: 'minimal' } }, { full: true, signal })
    expect(efforts()).toEqual(['full', 'full'])
  })

  it.each([
    ['killed', 'kill -9 $$', /SIGKILL/],
    ['printing nonsense', 'echo hello', /exit code 0/],
    ['failing with a message', 'echo "no such libtpu" >&2; exit 3', /exit code 3: no such libtpu/],
    ['hanging', 'sleep 60', /did not answer/],
  ])('says unknown with the reason when the process is %s', async (name, behave, message) => {
    const { compiler } = compilerWith(behave, { timeoutMs: name === 'hanging' ? 400 : 60_000 })
    const { verdict } = await compiler.compile(exampleWorkload(), candidate, { full: true, signal })
    expect(verdict.status).toBe('unknown')
    expect(verdict.message).toMatch(message)
  })

  it('stops what runs when it is cancelled', async () => {
    const { compiler, efforts } = compilerWith('sleep 600')
    const abort = new AbortController()
    const compiling = compiler.compile(exampleWorkload(), candidate, { full: true, signal: abort.signal })
    await vi.waitFor(() => expect(efforts()).toHaveLength(1), soon)
    abort.abort()
    expect((await compiling).verdict).toMatchObject({ status: 'unknown', message: 'cancelled' })
  })

  it('runs no more processes than it may', async () => {
    const { compiler } = compilerWith(
      `if mkdir ${home}/busy 2>/dev/null; then sleep 0.2; rmdir ${home}/busy; echo '${answer('fits', 10)}'; else echo two at once; fi`,
    )
    const verdicts = await Promise.all(
      ['none', 'full', 'minimal'].map((remat) =>
        compiler.compile(exampleWorkload(), { ...candidate, changes: { remat } }, { full: true, signal }),
      ),
    )
    expect(verdicts.map(({ verdict }) => verdict.status)).toEqual(['fits', 'fits', 'fits'])
  })

  it('says how to install it when it is not there', async () => {
    const compiler = createCompiler({ home, python: null, processes: 1, memoryGib: 4, timeoutMs: 1000, maxtextCommand: null, study: null })
    expect((await compiler.status(signal)).ready).toBe(false)
    await expect(compiler.compile(exampleWorkload(), candidate, { full: true, signal })).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('setup:compiler'),
    })
  })

  it("asks the operator's own MaxText program with the card's flags, as words", async () => {
    const script = join(home, 'train_compile')
    writeFileSync(
      script,
      `#!/bin/sh\nfor word in "$@"; do echo "word $word" >> ${home}/words; done\necho 'prompts: peak_memory_in_bytes=10737418240'\necho 'Jitting and compilation complete!'\n`,
    )
    chmodSync(script, 0o755)
    const { compiler } = compilerWith('exit 1', { maxtextCommand: [script, 'base.yml'] })
    const { verdict } = await compiler.compile(
      exampleWorkload(),
      { ...candidate, maxtextFlags: ['ici_fsdp_parallelism=16', 'run_name=$(id)'] },
      { full: false, signal },
    )
    expect(verdict).toMatchObject({ status: 'fits', required_gib: 10, program: 'user', effort: 'full' })
    expect(readFileSync(join(home, 'words'), 'utf8')).toBe('word base.yml\nword ici_fsdp_parallelism=16\nword run_name=$(id)\n')
  })
})
