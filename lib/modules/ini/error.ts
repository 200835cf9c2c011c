/** A file that cannot be read, or a wish that cannot be written; the text stays as it was. */
export class IniError extends Error {
  override readonly name = 'IniError'
  /** The line that is to blame; none when the wish is. */
  readonly line: number | undefined
  readonly file: string | undefined
  readonly hint: string

  constructor(problem: string, { line, file }: { readonly line?: number; readonly file?: string }) {
    const place = line === undefined ? file : file === undefined ? `line ${line}` : `${file}:${line}`
    super(place === undefined ? problem : `${place}: ${problem}`)
    this.line = line
    this.file = file
    this.hint = line === undefined ? 'change what the task asks for' : 'mend that line, and run the task again'
  }
}
