import { Advice } from '../model/operation.ts'
import { keepBackslashes } from '../model/backslashes.ts'
import { quote } from '../model/quote.ts'
import { Secret } from '../model/secret.ts'

export { quote }

/** What may be inserted into a command: a list is one word for each member. */
export type Word = string | number | readonly (string | number)[]

/**
 * A shell command in which every inserted value is one quoted word, and every inserted list one word for each member.
 *
 * ```ts
 * const script = sh`rm -f ${path} ${['a b', 'c']}` // rm -f /srv/x 'a b' c
 * ```
 * @throws when a secret is inserted: command lines can be read by every user of a host; give it as `stdin` instead.
 * And where JavaScript would eat a backslash.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Word[]): string {
  keepBackslashes(strings)
  return strings.reduce((text, part, i) => text + part + (i < values.length ? words(values[i]!) : ''), '')
}

function words(value: Word | Secret): string {
  return (Array.isArray(value) ? value : [value])
    .map((word: string | number | Secret) => {
      if (word instanceof Secret) {
        throw new Advice(
          `the secret ${word} cannot stand on a command line, which every user of the host can read: pass it as stdin`,
          'command and shell take stdin, and env for the environment',
        )
      }
      return quote(String(word))
    })
    .join(' ')
}

/**
 * The words that run a script in sh, as every login shell reads them: csh looks for `!` and ends at a newline within
 * quotes, and fish takes `\\` for one there. More words behind it are the script's arguments.
 */
export function forAnyShell(script: string): string {
  const told = Buffer.from(script)
    .toString('latin1')
    .replaceAll(/[^ -~]|[!$'@\\]/g, (byte) => {
      return `@0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`
    })
  return `sh -c '${retold}' sh \\\\ '${told}'`
}

// The backslash is an argument, since all shells agree about it outside of quotes only. Between the pieces of the text
// it makes escapes of printf's. The braces are for sudo -i, which hides every special letter but the dollar.
const retold = 'eval "shift 2;$(IFS=@;set -f;b=${1};set -- ${2};IFS=${b};printf %b "${*}")"'

/**
 * The beginning of a script whose programs lie in sbin, which a shell that is not interactive does not look into
 * everywhere.
 *
 * ```ts
 * const routes = await output(connection, `${sbin}ip route show`)
 * ```
 */
export const sbin = 'PATH=$PATH:/sbin:/usr/sbin; export PATH; '

/**
 * The same for a script whose programs must speak English, because what they say is read.
 *
 * ```ts
 * const free = await output(connection, `${plainly}df -P -k /`)
 * ```
 */
export const plainly = `${sbin}LC_ALL=C; export LC_ALL\n`

/** A script in a few words. */
export function brief(script: string): string {
  const [line = '', ...more] = script.trim().split('\n')
  if (line.length > 60) return `\`${line.slice(0, 60)}…\``
  return `\`${line}${more.length > 0 ? ' …' : ''}\``
}
