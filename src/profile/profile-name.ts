/**
 * Whether a file is named as a profile is: `HOST.xplane.pb`, `xplane.pb`, or either compressed. Hidden ones are other programs'
 * (macOS keeps `._h0.xplane.pb`).
 */
export function isProfileName(name: string): boolean {
  return !name.startsWith('.') && /(^|\.)xplane\.pb(\.gz)?$/.test(name)
}
