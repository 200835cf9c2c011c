import { eolOfText, insertLines, joinLines, splitLines } from '../../kit/text-lines.ts'

const setting = /^(\s*-?\s*)([^\s=#;-][^\s=]*)(\s*=\s*)(.*?)(\s*)$/

/** The text with these settings, each where it was or at the end; the very same string when nothing changes. */
export function settingsText(text: string, wanted: Readonly<Record<string, string>>): string {
  let lines = splitLines(text)
  const eol = eolOfText(text)
  for (const [key, value] of Object.entries(wanted)) {
    // The last line of a name is the one that counts.
    const index = lines.findLastIndex((line) => sameKey(setting.exec(line.text)?.[2], key))
    if (index === -1) {
      lines = insertLines(lines, lines.length, [{ text: `${key} = ${value}`, eol }], eol)
      continue
    }
    const line = lines[index]!
    const [, head, name, equals, old, tail] = setting.exec(line.text)!
    if (old!.replace(/\s+/g, ' ') !== value) lines[index] = { ...line, text: head! + name + equals + value + tail }
  }
  return joinLines(lines)
}

/** The text without any line that makes one of these settings. */
export function settingsWithout(text: string, keys: readonly string[]): string {
  const kept = splitLines(text).filter((line) => !keys.some((key) => sameKey(setting.exec(line.text)?.[2], key)))
  return joinLines(kept)
}

function sameKey(a: string | undefined, b: string): boolean {
  return a !== undefined && dotted(a) === dotted(b)
}

function dotted(key: string): string {
  const slashed = /[./]/.exec(key)?.[0] === '/'
  return slashed ? key.replaceAll(/[./]/g, (one) => (one === '/' ? '.' : '/')) : key
}
