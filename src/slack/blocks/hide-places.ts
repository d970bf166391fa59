/** Addresses with a scheme, hosts with a port, and absolute paths of two names or more. */
const places = [
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>)\],;]+/gi,
  /\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g,
  /\b(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+):\d{2,5}\b/gi,
  /(?<![\w:/.~-])(?:~|[A-Z]:)?\/(?:[^\s/"'`<>|]+\/)+[^\s"'`<>|,;:)\]]*/g,
]

/**
 * A failure's words without what they say of the operator's machine: where its runs lie, its folders, its servers. The log has
 * all of it, under the id that the message shows.
 */
export function hidePlaces(text: string): string {
  return places.reduce((shown, place) => shown.replaceAll(place, '…'), text)
}
