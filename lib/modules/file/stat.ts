import { refuseUnknown } from '../../model/option-names.ts'
import { look } from '../../kit/look.ts'
import { absolute, type Kind, type PathState } from '../../kit/path-state.ts'
import { operation } from '../../model/operation.ts'
import type { Operation } from '../../model/operation.ts'
import { sumOf } from '../copy-between/receive.ts'

/** What lies at a path. */
export type Stat = {
  readonly exists: boolean
  readonly kind?: Kind
  readonly size?: number
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /** Seconds since 1970. */
  readonly mtime?: number
  readonly sha256?: string
  /** What the symbolic link says; everything else is then about where it leads. */
  readonly link?: string
}

/**
 * What lies at a path: only looks, runs in check mode too. The checksum is worked out only when asked for.
 *
 * ```ts
 * const { exists, size } = await host.run(file.stat('/root/nova.sql'))
 * ```
 */
export function stat(path: string, options: { readonly sha256?: boolean } = {}): Operation<Stat> {
  refuseUnknown('file.stat', options, { sha256: true })
  const { sha256 = false } = options
  return lookAt({ path: absolute(path), sha256 })
}

const lookAt = operation<{ readonly path: string; readonly sha256: boolean }, PathState, Stat>(
  ({ path }) => `file.stat ${path}`,
  {
    foresees: true,
    async read(connection, { path, sha256 }) {
      const state = await look(connection, path, { sha256 })
      if (!sha256 || state.kind !== 'file' || state.sha256 !== undefined) return state
      return { ...state, sha256: await sumOf(connection, state.target) }
    },
    plan: ({ exists, kind, size, mode, owner, group, mtime, sha256, link }) => ({
      result: {
        exists,
        ...(exists ? { kind, size, mode, owner, group, mtime } : {}),
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(link === undefined ? {} : { link }),
      },
    }),
  },
)
