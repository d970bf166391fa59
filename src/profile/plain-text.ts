/**
 * A name from a profile as it may be shown: control characters, which a terminal would act on, and marks that turn the direction
 * of text become a visible sign.
 */
export function plainText(text: string): string {
  return hidden.test(text) ? text.replace(allHidden, '\u{FFFD}') : text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const hidden = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it replaces
const allHidden = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
