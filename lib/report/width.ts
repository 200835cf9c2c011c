// CSI and OSC sequences, and single escapes.
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g
const colors = /\x1b\[[0-9;]*m/g
const wide = new RegExp(
  [
    '\\p{Emoji_Presentation}',
    '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3]',
    '[\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6]',
    '[\\u{20000}-\\u{3fffd}]',
  ]
    .map((range) => `^${range}`)
    .join('|'),
  'u',
)
// Made when a text needs it: 10 ms, and most texts do not.
let segmenter: Intl.Segmenter | undefined
const segmentsOf = (text: string) => (segmenter ??= new Intl.Segmenter()).segment(text)

/** How many columns a text takes on a terminal; colours take none. */
export function widthOf(text: string): number {
  const bare = text.replace(colors, '')
  if (/^[\x20-\x7e]*$/.test(bare)) return bare.length
  let width = 0
  for (const { segment } of segmentsOf(bare)) width += columnsOf(segment)
  return width
}

/** The text, or as much of it as fits, with an ellipsis in the place of the rest. Colours end where the text ends. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  if (columns < 1) return ''
  let left = columns - 1
  let done = ''
  let colored = false
  for (const part of text.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith('\x1b[')) {
      done += part
      colored = true
      continue
    }
    for (const { segment } of segmentsOf(part)) {
      left -= columnsOf(segment)
      if (left < 0) return `${done}…${colored ? '\x1b[0m' : ''}`
      done += segment
    }
  }
  return done
}

/** The text filled with blanks to a width. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

/** What a host wrote, without what would move the cursor or change the screen. */
export function harmless(text: string): string {
  // A progress bar writes over itself: what stood there last is what it says.
  const last = text.replace(/\r+$/, '').split('\r').at(-1)!
  return last
    .replace(escapes, '')
    .replaceAll('\t', '    ')
    .replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '')
}

function columnsOf(segment: string): number {
  if (/^[\p{M}\p{Cf}\p{Cc}]/u.test(segment)) return 0
  return wide.test(segment) || segment.includes('\ufe0f') ? 2 : 1
}

// What string-width exports: the build puts this in its place, whose patterns take 25 ms to make.
export default widthOf
