import type { ProfileReport } from '../contract/profile-report.ts'
import { formatMs, formatShare } from './units.ts'

export const hostHeadings = ['host', 'devices', 'step', 'idle', 'in collectives', 'waits for input'] as const

/** What each host of a profile waits for, a row of words for each, in the order of `hostHeadings`. */
export function hostRows(hosts: ProfileReport['hosts'], most: number): string[][] {
  return hosts
    .slice(0, most)
    .map((host) => [
      host.host,
      String(host.devices),
      formatMs(host.step_time_ms),
      formatShare(host.idle_share),
      formatShare(host.collective_wait_share),
      formatShare(host.input_wait_share),
    ])
}
