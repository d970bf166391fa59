import type { ChipName } from '../../contract/chip.ts'
import { chipSchema } from '../../contract/chip-schema.ts'
import { PromptsError } from '../../errors.ts'

/** The operator's own dollars a chip-hour, as the setting holds them: `v5p=3.10,v6e=2.00` @throws PromptsError `bad_config`. */
export function parsePrices(text: string | undefined): Partial<Record<ChipName, number>> {
  const prices: Partial<Record<ChipName, number>> = {}
  for (const part of (text ?? '').split(',').map((one) => one.trim())) {
    if (part === '') continue
    const [name = '', price = ''] = part.split('=')
    const chip = chipSchema.safeParse(name.trim())
    const dollars = Number(price)
    if (!chip.success || price.trim() === '' || !Number.isFinite(dollars) || dollars < 0) {
      throw new PromptsError('bad_config', `PROMPTS_PRICES: "${part}" is not a price.`, {
        hint: 'Write chip=dollars, such as v5p=3.10,v6e=2.00.',
      })
    }
    prices[chip.data] = dollars
  }
  return prices
}
