import type { GoogleGenAI } from '@google/genai'
import { PromptsError } from '../../errors.ts'

/**
 * Whether the API has a model for this key: one small request, no tokens.
 * @throws PromptsError `unavailable` that tells a refused key, a model that is not there, and a server that does not answer
 *   apart.
 */
export async function askForModel(client: GoogleGenAI, model: string, signal: AbortSignal): Promise<void> {
  try {
    await client.models.get({ model, config: { abortSignal: signal } })
  } catch (cause) {
    const status = (cause as { status?: unknown }).status
    if (status === 404)
      throw new PromptsError('unavailable', `Gemini has no model ${model} for this key`, {
        hint: `${await namesOf(client, signal)}`,
        cause,
      })
    if (status === 400 || status === 401 || status === 403)
      throw new PromptsError('unavailable', `Gemini refuses the key (${status})`, {
        hint: 'Check GEMINI_API_KEY and what it may use.',
        cause,
      })
    throw new PromptsError('unavailable', 'Gemini did not answer', { hint: 'Try again when it is reachable.', cause })
  }
}

/** The models that the key may use, for the hint; a list that cannot be had is no second error. */
async function namesOf(client: GoogleGenAI, signal: AbortSignal): Promise<string> {
  try {
    const names: string[] = []
    for await (const model of await client.models.list({ config: { pageSize: 100, abortSignal: signal } })) {
      const name = model.name?.replace(/^.*\//, '')
      if (name?.startsWith('gemini-') && model.supportedActions?.includes('generateContent') !== false) names.push(name)
      if (names.length === 20) break
    }
    return names.length > 0 ? `It has ${names.join(', ')}: set PROMPTS_GEMINI_MODEL.` : 'Set PROMPTS_GEMINI_MODEL to one that it has.'
  } catch {
    return 'Set PROMPTS_GEMINI_MODEL to one that it has.'
  }
}
