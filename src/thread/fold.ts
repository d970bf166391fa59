/**
 * Text as the reader compares it: compatibility forms unified (full-width digits and letters become plain ones), lower case,
 * Latin letters without their accents, one kind of quotation mark, no apostrophes, `w/` as `with`, `w/o` as `without`, `e.g.` as
 * `eg`. Other scripts stay as they are.
 */
export function fold(text: string): string {
  let folded = ''
  for (const character of text.normalize('NFKC').toLowerCase()) {
    if (character < '\u0080') {
      if (character !== "'" && character !== '`') folded += character
    } else if (/[\u2018\u2019\u02bc\u00b4]/.test(character)) continue
    else if (character === '\u00df') folded += 'ss'
    else if (character <= '\u024f') folded += character.normalize('NFD').replace(/[\u0300-\u036f]/g, '')
    else folded += character
  }
  return folded
    .replaceAll(/(?<![\p{L}\d.])e\.g\.?(?!\p{L})/gu, 'eg')
    .replaceAll(/(?<![\p{L}\d/])w\/o\b/gu, 'without ')
    .replaceAll(/(?<![\p{L}\d/])w\//gu, 'with ')
}

/** Chinese, Japanese: written without spaces between words. */
export function isCjk(character: string): boolean {
  return /[\u3005\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]/.test(character)
}

/** Letters of alphabets with spaces between words. */
export function isLetter(character: string): boolean {
  return /\p{L}/u.test(character) && !isCjk(character)
}
