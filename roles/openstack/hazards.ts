import type { Hazard } from './release.ts'

type Rows = readonly (readonly string[])[]

/** Rows that there must not be, and the command that mends them. */
export function rowsThat(says: string, sql: string, mend: string | ((rows: Rows) => string)): Hazard {
  return async (ask) => {
    const rows = await ask(sql)
    const shown = rows.slice(0, 5).map((row) => row.join(' '))
    const more = rows.length > shown.length ? ` and ${rows.length - shown.length} more` : ''
    if (rows.length === 0) return []
    return [{ says: `${says}: ${shown.join('; ')}${more}`, mend: typeof mend === 'string' ? mend : mend(rows) }]
  }
}
