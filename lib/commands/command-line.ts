/** Words of a command line as they are to be typed again. */
export function typed(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w./:=@,%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
}
