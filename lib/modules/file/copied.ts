/** What was copied. */
export type Copied = {
  readonly path: string
  readonly bytes: number
  /** Of a large file that is to be copied it is known when it has been: in check mode it is undefined. */
  readonly sha256: string | undefined
  readonly changed: boolean
}

/**
 * Bytes up to which a file is brought in one piece with a request, and shown as a diff when it is text. A larger one is
 * worth channels of its own.
 */
export const small = 1024 * 1024

/** A content that is not shown. */
export function told({ bytes, sha256 }: { readonly bytes: number; readonly sha256?: string }): string {
  return `${bytes} bytes${sha256 === undefined ? '' : `, sha256 ${sha256}`}\n`
}
