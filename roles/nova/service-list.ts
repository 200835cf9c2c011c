/** A row of `nova-manage service list`. */
export interface ServiceRow {
  readonly binary: string
  readonly host: string
  readonly state: string
}

/** Long host names push the columns aside, so they are split at blanks; the header is left out. */
export function parseServices(text: string): readonly ServiceRow[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length >= 5 && words[0] !== 'Binary')
    .map(([binary, host, , , state]) => ({ binary: binary!, host: host!, state: state! }))
}
