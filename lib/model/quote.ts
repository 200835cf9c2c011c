/**
 * A word that any POSIX shell reads back as it is.
 *
 * ```ts
 * const script = `cd ${quote(folder)} && make`
 * ```
 */
export function quote(word: string): string {
  return /^[A-Za-z0-9_\-./:=@%+,]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
