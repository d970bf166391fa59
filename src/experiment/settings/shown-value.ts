const longest = 80

/** A value as people are told it: not one that is nobody's to read, nor a long one. */
export function shownValue(name: string, value: string | null): string {
  if (value === null) return 'not set'
  if (/secret|password|credential|api_?key|token$/i.test(name)) return '(not shown)'
  return value.length > longest ? `${value.slice(0, longest)}…` : value
}
