import { Advice } from './operation.ts'

/**
 * Refuses a template in which JavaScript takes a backslash away, or makes a control character of it, as of those in
 * `grep 'a\.b'` and `\bname`: whoever writes one means it for what reads the text. What is left are `\n`, `\t`, `\\`,
 * an escaped backtick or `${`, and the backslash at the end of a line.
 *
 * ```ts
 * export const sql = (strings: TemplateStringsArray) => {
 *   keepBackslashes(strings)
 *   return strings.join('')
 * }
 * ```
 * @throws with what to write
 */
export function keepBackslashes({ raw }: TemplateStringsArray): void {
  for (const text of raw) {
    if (!text.includes('\\')) continue
    for (const { 0: escape, 1: eaten, index } of text.matchAll(/\\(?:[\\nt\x60]|\r?\n|\$\{|(?<=\$\\)\{|(.))/gsu)) {
      if (eaten === undefined) continue
      const line = text.slice(text.lastIndexOf('\n', index) + 1, index) + text.slice(index).split('\n', 1)[0]
      throw new Advice(`JavaScript eats the backslash of ${escape} in «${line.trim()}»`, `write \\${escape}`)
    }
  }
}
