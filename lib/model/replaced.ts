/**
 * Something of a host that a change replaces, and how it is put back. The scripts are sh, and plain data: they stand in
 * the list of what a run has replaced, and are run when it is undone.
 */
export interface ReplacedThing {
  /** What the operator reads, and names behind --force: `crontab of nova`. No other thing of the host is called so. */
  readonly what: string
  /**
   * Prints in one line what is there: `none` where there is nothing. No secret stands in it, a checksum of one may.
   * Where it fails the thing is not kept, and that is said.
   */
  readonly look: string
  /** Keeps in the file "$copy", which only its owner may read, what the line does not tell. */
  readonly keep?: string
  /** Brings "$before" back where "$now" is, both as `look` prints them, with "$copy". It may `refuse REASON HINT`. */
  readonly back: string
  /**
   * `look` prints many lines, each a name, a tab and what is there of it; only those that differ count, and `look` is
   * asked for them alone in "$names", a line each.
   */
  readonly many?: boolean
}

/** What a change replaces: a path, with `whole` all that lies in it, or another thing. */
export type Replaced = { readonly file: string; readonly whole?: boolean } | ReplacedThing
