import { gatherFacts } from './facts.ts'
import { means } from './token.ts'

const longest = 5

/**
 * What a person answers to something that they were asked: a plain yes or no, alone or with the card (`yes, card 2`). Null for
 * all else.
 */
export function yesOrNo(text: string): { yes: boolean; card: number | null } | null {
  if (text.length > 80) return null
  const { tokens, cards, length, strangers, question } = gatherFacts(text, 3)
  if (length === 0 || length > longest || question || cards.length > 1) return null
  if (strangers(['yes', 'no', 'card', 'record', 'thanks']) > 0) return null
  const yes = tokens.some((one) => means(one, 'yes'))
  const no = tokens.some((one) => means(one, 'no'))
  return yes === no ? null : { yes, card: cards[0] ?? null }
}
