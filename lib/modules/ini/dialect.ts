/**
 * Whose reading rules hold: the OpenStack services' (oslo.config), those of one of the programs that people edit files
 * of, or the forgiving ones of general INI tools. What these leave open is refused, and not guessed.
 */
export type IniDialect = 'oslo' | 'loose' | 'mysql' | 'php' | 'systemd' | 'git' | 'samba'

/** What a program takes for what. */
export interface DialectRules {
  /** An indented line goes on with the value above it, or is a line like any other. */
  readonly indented: 'continues' | 'ignored'
  /** A backslash at the end of a line joins the next one, with this between them. */
  readonly joined?: string
  /** What begins a comment at the beginning of a line, and what behind a value outside of quotes. */
  readonly comment: RegExp
  readonly inline?: RegExp
  readonly delimiter: RegExp
  /** A key may stand without a value. */
  readonly bare: boolean
  /** The same for names that the program takes for one. */
  readonly key: (name: string) => string
  readonly section: (name: string) => string
}

const same = (name: string) => name
const lower = (name: string) => name.toLowerCase()

/** The rules of the programs whose lines may be indented as one likes. */
export const programs: Readonly<Partial<Record<IniDialect, DialectRules>>> = {
  mysql: {
    indented: 'ignored',
    comment: /[#;]/,
    inline: /#/,
    delimiter: /=/,
    bare: true,
    key: (name) => name.replaceAll('_', '-'),
    section: same,
  },
  php: { indented: 'ignored', comment: /;/, inline: /;/, delimiter: /=/, bare: true, key: same, section: same },
  systemd: {
    indented: 'ignored',
    joined: ' ',
    comment: /[#;]/,
    delimiter: /=/,
    bare: false,
    key: same,
    section: same,
  },
  git: {
    indented: 'ignored',
    joined: '',
    comment: /[#;]/,
    inline: /[#;]/,
    delimiter: /=/,
    bare: true,
    key: lower,
    // The name in quotes is one whose letters count.
    section: (name) => name.replace(/^[^"]*/, (words) => words.trim().toLowerCase()),
  },
  samba: {
    indented: 'ignored',
    joined: '',
    comment: /[#;]/,
    delimiter: /=/,
    bare: false,
    key: (name) => lower(name).replaceAll(/\s/g, ''),
    section: (name) => lower(name.trim()),
  },
}
