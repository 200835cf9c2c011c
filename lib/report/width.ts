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
// What a segmenter does with a text takes longer by the square of its length, so that it gets it in slices.
const slices = /.{1,256}/gsu
function* segmentsOf(text: string): Generator<{ readonly segment: string }> {
  segmenter ??= new Intl.Segmenter()
  for (const slice of text.match(slices) ?? []) yield* segmenter.segment(slice)
}

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
  const long = text.length > longest(columns)
  if (!long && widthOf(text) <= columns) return text
  if (columns < 1) return ''
  let left = columns - 1
  let done = ''
  let colored = false
  for (const part of text.slice(0, longest(columns)).split(/(\x1b\[[0-9;]*m)/)) {
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
  return long ? `${done}…${colored ? '\x1b[0m' : ''}` : done
}

// A longer text does not fit, whatever it is made of: hardly a character takes more than this, colours around it.
const longest = (columns: number) => 64 * columns + 1000

/** The text filled with blanks to a width. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

/** What a host wrote, without what would move the cursor or change the screen. */
export function harmless(text: string): string {
  // A progress bar writes over itself: what stood there last is what it says.
  let end = text.length
  while (text[end - 1] === '\r') end--
  return text
    .slice(text.lastIndexOf('\r', end - 1) + 1, end)
    .replace(escapes, '')
    .replaceAll('\t', '    ')
    .replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '')
}

/** A text of several lines, each harmless. */
export function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n')
}

function columnsOf(segment: string): number {
  if (/^[\p{M}\p{Cf}\p{Cc}]/u.test(segment)) return 0
  return wide.test(segment) || segment.includes('\ufe0f') ? 2 : 1
}

// What string-width exports: the build puts this in its place, whose patterns take 25 ms to make.
export default widthOf
