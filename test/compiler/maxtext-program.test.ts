import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { tellingCommand } from '../../src/compiler/maxtext-command.ts'
import { askMaxText, createMaxTextProgram } from '../../src/compiler/maxtext-program.ts'
import { createSemaphore } from '../../src/compiler/semaphore.ts'
import { findPython, lacks, needing } from '../support/needs.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-maxtext-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const signal = new AbortController().signal
const fixture = (id: string) => fileURLToPath(new URL(`../fixtures/maxtext-compile/${id}.txt`, import.meta.url))

/** A program of the operator's that is a shell script. */
function programThat(does: string, limits: { timeoutMs?: number } = {}) {
  const path = join(folder, 'train-compile.sh')
  writeFileSync(path, `#!/bin/sh\n${does}\n`)
  chmodSync(path, 0o755)
  return createMaxTextProgram({
    command: [path, 'base.yml'],
    limits: { timeoutMs: 60_000, memoryGib: 4, maxOutputBytes: 1e6, ...limits },
    places: createSemaphore(1, 10),
  })
}

describe('createMaxTextProgram', () => {
  it('appends the flags as words and keeps no shell near them', async () => {
    const verdict = await programThat('for word in "$@"; do echo "[$word]" >> "$0.words"; done').compile(
      ['a=1', 'b=$(id) c'],
      15.75,
      signal,
    )
    expect(readFileSync(join(folder, 'train-compile.sh.words'), 'utf8')).toBe('[base.yml]\n[a=1]\n[b=$(id) c]\n')
    expect(verdict).toMatchObject({
      status: 'unknown',
      program: 'user',
      message: "no verdict in MaxText's output; it ended with exit code 0",
    })
  })

  it('gives the verdict of a recorded run, and what the chip has where MaxText does not say it', async () => {
    const oom = await programThat(`cat '${fixture('oom-llama2-7b-v5e')}' >&2; exit 1`).compile([], 99, signal)
    expect(oom).toMatchObject({ status: 'oom', required_gib: 31.22, available_gib: 15.75, effort: 'full', step_time_ms: null })
    const fits = await programThat(`cat '${fixture('fits-split-save-qkv-gemma-2b-v5e')}'`).compile([], 15.75, signal)
    expect(fits).toMatchObject({ status: 'fits', available_gib: 15.75, versions: { jax: '0.12.0.1' } })
  })

  it('finds a refusal behind the thousand settings that MaxText logs, and one that lists them all', async () => {
    const log = `i=0; while [ $i -lt 3000 ]; do echo "I1123 pyconfig.py:591] Config param some_setting_$i: some value of it" >&2; i=$((i+1)); done`
    const verdict = await programThat(`${log}; cat '${fixture('unknown-setting')}' >&2; exit 1`).compile([], 15.75, signal)
    expect(verdict).toMatchObject({ status: 'error', message: 'MaxText has no setting ici_fdsp_parallelism' })
  })

  it('does not believe a program that was stopped', async () => {
    const verdict = await programThat(`cat '${fixture('oom-llama2-7b-v5e')}'; sleep 20`, { timeoutMs: 300 }).compile([], 15.75, signal)
    expect(verdict).toMatchObject({ status: 'unknown', required_gib: null, message: expect.stringContaining('did not answer') })
  })

  it('is unknown, with the reason, where the command is not there', async () => {
    const program = createMaxTextProgram({
      command: [join(folder, 'absent')],
      limits: { timeoutMs: 1000, memoryGib: 1, maxOutputBytes: 1000 },
      places: createSemaphore(1, 1),
    })
    expect(await program.compile([], 15.75, signal)).toMatchObject({ status: 'unknown', message: expect.stringContaining('ENOENT') })
  })
})

describe('askMaxText', () => {
  const limits = { timeoutMs: 30_000, memoryGib: 4, maxOutputBytes: 1e6 }

  it('says what is wrong with the Python that is named', async () => {
    expect(await askMaxText([join(folder, 'python3'), '-m', 'x'], limits, signal)).toMatchObject({ problem: 'it does not answer' })
    expect(await askMaxText(['my-compile', 'base.yml'], limits, signal)).toBeNull()
  })

  it.skipIf(lacks('jax'))(needing('misses a package that is not installed', 'jax'), async () => {
    const answer = await askMaxText([findPython('jax')!, '-m', 'x'], limits, signal)
    expect(answer).toMatchObject({ versions: { jax: expect.stringMatching(/^\d/) }, problem: 'this Python has no maxtext package' })
  })
})

describe('tellingCommand', () => {
  const words = (text: string) => text.split(' ')

  it('runs a python module under the program that tells its peak, whatever stands before', () => {
    const told = tellingCommand(words('docker run image /usr/bin/python3.12 -u -m maxtext.trainers.pre_train.train_compile base.yml a=1'))
    expect(told.slice(0, 6)).toEqual(words('docker run image /usr/bin/python3.12 -u -c'))
    expect(told[6]).toContain('peak_memory_in_bytes')
    expect(told.slice(7)).toEqual(words('maxtext.trainers.pre_train.train_compile base.yml a=1'))
  })

  it.each(['my-compile base.yml', 'python train_compile.py -m x', 'python -m', 'bash -c x'])('leaves "%s" as it is', (command) => {
    expect(tellingCommand(words(command))).toEqual(words(command))
  })

  it.skipIf(lacks('jax'))(needing('tells versions and the peak of what a module compiles', 'jax'), async () => {
    writeFileSync(
      join(folder, 'compiles.py'),
      'import sys, jax\njax.jit(lambda x: x @ x).lower(jax.ShapeDtypeStruct((64, 64), "float32")).compile()\nprint("Finished train_compile.py successfully!", sys.argv[1:])\n',
    )
    const program = createMaxTextProgram({
      command: ['env', `PYTHONPATH=${folder}`, findPython('jax')!, '-m', 'compiles', 'base.yml'],
      limits: { timeoutMs: 60_000, memoryGib: 4, maxOutputBytes: 1e6 },
      places: createSemaphore(1, 1),
    })
    const verdict = await program.compile(['a=1'], 15.75, signal)
    expect(verdict).toMatchObject({
      status: 'fits',
      message: null,
      versions: { jax: expect.stringMatching(/^\d/), jaxlib: expect.any(String) },
    })
    expect(verdict.required_gib).toBeGreaterThan(0)
  })
})
