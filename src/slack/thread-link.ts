/** A link that opens a thread in any client, made without a call to Slack. */
export function threadLink(team: string, channel: string, threadTs: string): string {
  return `https://app.slack.com/client/${team}/${channel}/thread/${channel}-${threadTs}`
}
