import type { Hazard } from './release.ts'

/** Rows that there must not be. */
export function rowsThat(says: string, sql: string): Hazard {
  return async (ask) => {
    const rows = await ask(sql)
    const shown = rows.slice(0, 5).map((row) => row.join(' '))
    const more = rows.length > shown.length ? ` and ${rows.length - shown.length} more` : ''
    return rows.length === 0 ? [] : [`${says}: ${shown.join('; ')}${more}`]
  }
}
