/** What a script of a POSIX shell is made of. */

/** Commands that follow each other; those of the background are not waited for. */
export type List = readonly { readonly run: AndOr; readonly background: boolean }[]
/** Pipelines of which each runs when the one before succeeded, or failed. */
export interface AndOr {
  readonly first: Pipeline
  readonly rest: readonly { readonly on: '&&' | '||'; readonly run: Pipeline }[]
}
export interface Pipeline {
  readonly negated: boolean
  readonly commands: readonly Command[]
}
export type Command =
  | Simple
  | { readonly kind: 'compound'; readonly of: Compound; readonly redirects: readonly Redirect[] }
export interface Simple {
  readonly kind: 'simple'
  readonly assignments: readonly Assignment[]
  readonly words: readonly Word[]
  readonly redirects: readonly Redirect[]
}
export type Compound =
  | { readonly kind: 'subshell' | 'group'; readonly body: List }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: List }
  | { readonly kind: 'loop'; readonly until: boolean; readonly condition: List; readonly body: List }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[] | undefined; readonly body: List }
  | { readonly kind: 'case'; readonly word: Word; readonly items: readonly CaseItem[] }
  | { readonly kind: 'function'; readonly name: string; readonly body: Command }
export type Branch = readonly [condition: List, body: List]
export interface CaseItem {
  readonly patterns: readonly Word[]
  readonly body: List
}
export interface Assignment {
  readonly name: string
  readonly value: Word
}
export interface Redirect {
  readonly fd: number
  readonly how: '<' | '>' | '>>' | '>|' | '<>' | '<&' | '>&' | '<<'
  /** A file, a number, or the text of a here-document. */
  to: Word
}

export type Word = readonly Part[]
export type Part = { readonly quoted: boolean } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly operator: string; readonly word: Word }
  | { readonly kind: 'command'; readonly body: List }
  | { readonly kind: 'arithmetic'; readonly word: Word }
)

/** A script that no shell would take, or one with something that this one does not know. */
export class SyntaxFault extends Error {}
