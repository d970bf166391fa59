import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diagnosisSchema } from '../../src/contract/diagnosis.ts'
import { projectRoot } from '../support/needs.ts'
import { goodModel, startGemini } from './gemini-server.ts'

describe('prompts diagnose with a key', () => {
  it('diagnoses with Gemini’s protocol from the command line, and the memory folder holds every call', async () => {
    const home = mkdtempSync(join(tmpdir(), 'prompts-gemini-'))
    const gemini = await startGemini(goodModel)
    const env = { ...process.env, PROMPTS_HOME: home, GEMINI_API_KEY: 'test-key', GEMINI_BASE_URL: gemini.url, PROMPTS_GEMINI_SAMPLES: '1' }
    const { code, stdout, stderr } = await run(['src/main.ts', 'diagnose', 'examples/llama2-70b-v5p', '--json'], env)
    await gemini.stop()
    expect(stderr).not.toMatch(/internal/)
    expect(code).toBe(0)
    const diagnosis = diagnosisSchema.parse(JSON.parse(stdout))
    expect(diagnosis.reasoning).toBe('gemini')
    expect(diagnosis.cards).toHaveLength(3)
    expect(diagnosis.cost_usd).toBeGreaterThan(0)
    const [name] = readdirSync(join(home, 'runs'))
    const events = readFileSync(join(home, 'runs', name!, 'events.jsonl'), 'utf8')
    expect(events.match(/"kind":"model_output"/g)).toHaveLength(gemini.requests.length)
    rmSync(home, { recursive: true, force: true })
  })
})

function run(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: projectRoot, env })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
