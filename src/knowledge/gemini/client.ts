import { GoogleGenAI } from '@google/genai'
import type { Config } from '../../config.ts'

/** A client of the Gemini API by its key or of Vertex AI by the machine's credentials; null where neither is configured. */
export function createGeminiClient(config: Config): GoogleGenAI | null {
  const httpOptions = config.GEMINI_BASE_URL ? { baseUrl: config.GEMINI_BASE_URL } : {}
  if (config.GOOGLE_GENAI_USE_VERTEXAI) {
    return new GoogleGenAI({
      enterprise: true,
      ...(config.GOOGLE_CLOUD_PROJECT ? { project: config.GOOGLE_CLOUD_PROJECT } : {}),
      ...(config.GOOGLE_CLOUD_LOCATION ? { location: config.GOOGLE_CLOUD_LOCATION } : {}),
      httpOptions,
    })
  }
  // v1beta: thinking levels and models in preview are there first
  return config.GEMINI_API_KEY
    ? new GoogleGenAI({ apiKey: config.GEMINI_API_KEY, enterprise: false, apiVersion: 'v1beta', httpOptions })
    : null
}
