import { createRequire } from 'node:module'
import { renderAsync } from '@resvg/resvg-js'
import { font, pixelRatio } from './theme.ts'

const require = createRequire(import.meta.url)
const fontFiles = ['400Regular/IBMPlexSans_400Regular.ttf', '600SemiBold/IBMPlexSans_600SemiBold.ttf'].map((file) =>
  require.resolve(`@expo-google-fonts/ibm-plex-sans/${file}`),
)

/** Draws an SVG as a PNG, off the event loop, with the font that comes along: the machine's own fonts are never looked at. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const image = await renderAsync(svg, {
    fitTo: { mode: 'zoom', value: pixelRatio },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: font.family, sansSerifFamily: font.family },
  })
  return image.asPng()
}
