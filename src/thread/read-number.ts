/**
 * A number as people write it: `22.9`, `22,900` and `18,950` (thousands), `20,7` (a decimal comma, as in German and Spanish),
 * `1.234,5`. Null for what is none: versions, dates.
 */
export function readNumber(text: string): number | null {
  const digits = text.replaceAll(/[.,]/g, '')
  if (digits.length > 15) return null
  if (/^\d+$/.test(text)) return Number(text)
  if (/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)) return Number(text.replaceAll(',', ''))
  if (/^\d{1,3}(?:\.\d{3})+,\d+$/.test(text) || /^\d{1,3}(?:\.\d{3}){2,}$/.test(text))
    return Number(text.replaceAll('.', '').replace(',', '.'))
  if (/^\d+[.,]\d+$/.test(text)) return Number(text.replace(',', '.'))
  return null
}
