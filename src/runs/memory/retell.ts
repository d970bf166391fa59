import type { RunEvent } from '../../contract/run.ts'
import type { ShardingMemory } from './sharding-memory.ts'

/** A run as its record tells it, one line an event: when, what kind, its name, and the beginning of what it held. Null for no such run. */
export async function retell(memory: ShardingMemory, run: string): Promise<string | null> {
  const request = await memory.request(run)
  if (request === null) return null
  const events = await memory.events(run)
  const start = Date.parse(events[0]?.at ?? request.at)
  const lines = events.map((event) => `${elapsed(start, event.at)}  ${event.kind.padEnd(12)}  ${event.name}${shorten(event)}`)
  const diagnosis = await memory.diagnosis(run)
  const asked = request.by === null ? 'from the command line' : `by ${request.by}`
  const end =
    diagnosis === null
      ? 'No diagnosis was stored.'
      : `Diagnosis: ${diagnosis.bottleneck.class}, ${diagnosis.cards.length} cards, reasoning by ${diagnosis.reasoning}.`
  return [`Run ${run}, asked ${asked} at ${request.at}.`, ...lines, end].join('\n')
}

function elapsed(start: number, at: string): string {
  const seconds = (Date.parse(at) - start) / 1000
  return `+${seconds.toFixed(3)} s`.padStart(12)
}

function shorten(event: RunEvent): string {
  if (event.data === null || event.data === undefined) return ''
  const text = JSON.stringify(event.data)
  return text.length > 160 ? `  ${text.slice(0, 157)}…` : `  ${text}`
}
