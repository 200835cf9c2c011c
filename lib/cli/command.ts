import type { Completes, Effective, Options } from './options.ts'

/** A word that a command takes at its place. */
export interface Positional {
  readonly describe: string
  readonly choices?: readonly string[]
  readonly completes?: Completes
  /** What to say and to advise where it is missing; without it, it may be. */
  readonly missing?: readonly [message: string, hint: string]
  /** Takes the rest of the words too. */
  readonly many?: true
}

/** Positionals by their names, in their order. */
export type Positionals = Readonly<Record<string, Positional>>

/** What a command line says to its command. */
export interface Given<O extends Options, P extends Positionals> extends Effective<O> {
  readonly words: {
    readonly [N in keyof P]: P[N] extends { readonly many: true }
      ? readonly string[]
      : string | (P[N] extends { readonly missing: readonly [string, string] } ? never : undefined)
  }
  /** What stands behind `--`. */
  readonly behind: readonly string[]
  /** The command line to type again, without the program's name. */
  readonly argv: readonly string[]
}

/**
 * A command, whole: what it is for, what may follow it, what it does. Its word is the name it has in
 * `commands/index.ts`.
 */
export interface Command<O extends Options, P extends Positionals> {
  /** Nothing for a command that only programs give. */
  readonly describe?: string
  readonly takes?: P
  readonly options?: O
  /** What stands behind `--`, where something may. */
  readonly behind?: string
  readonly examples?: readonly (readonly [line: string, what: string])[]
  /** Does it, and gives the exit code. @throws Refused */
  act(given: Given<O, P>): Promise<number>
}

/** A command of whatever options, as whoever reads the command line holds it. */
// biome-ignore lint/suspicious/noExplicitAny: what a command is given is made from its own options and positionals.
export type AnyCommand = Command<any, any>

/** The command that is meant where a line names none. */
export const first = 'run'

/** What every command has besides its own options. */
export const always = {
  version: { kind: 'flag', describe: 'Show version number' },
  help: { kind: 'flag', alias: 'h', describe: 'Show help' },
} as const satisfies Options

/** What a command takes, where it may take nothing. */
export function partsOf({ takes = {}, options = {} }: AnyCommand): {
  readonly takes: Positionals
  readonly options: Options
} {
  return { takes, options }
}

/** Declares a command: its options and positionals type what it is given. */
export function command<const O extends Options, const P extends Positionals>(made: Command<O, P>): Command<O, P> {
  return made
}
