import { type Command, perform } from '../kit/command.ts'
import { plainly, sh } from '../kit/shell.ts'
import { Advice, CommandFailed, operation, type Operation, type Reader } from '../model/operation.ts'
import type { ReplacedThing } from '../model/replaced.ts'
import { masked, revealed, Secret } from '../model/secret.ts'

/**
 * An answer: a text, yes or no, a password; or with its type, as the question's template names it, where it is another
 * one, as `{ type: 'select', value: 'Internet Site' }`.
 */
export type Selection = string | boolean | Secret | { readonly type: string; readonly value: string }

/** Questions that were answered, or would be. */
export type Selected = { readonly package: string; readonly questions: readonly string[] }

/**
 * Answers to what a package asks when it is installed, given before. They count as seen, so that nobody is asked. A
 * package that is installed already is not configured anew.
 *
 * ```ts
 * task('Answer for postfix', debconf.selections('postfix', {
 *   'postfix/main_mailer_type': { type: 'select', value: 'Internet Site' }, 'postfix/mailname': 'mail.example.org',
 * }))
 * ```
 */
export function selections(name: string, answers: Readonly<Record<string, Selection>>): Operation<Selected> {
  if (!/^[a-z0-9][a-z0-9.+-]*$/.test(name))
    throw new Advice(
      `${JSON.stringify(name)} cannot be the name of a package`,
      'use small letters, digits, + - and dots',
    )
  const given = Object.entries(answers).map(([question, answer]) => {
    if (!/^[\w.+-]+\/[\w./+-]+$/.test(question))
      throw new Advice(
        `${JSON.stringify(question)} cannot be a question: they are like postfix/mailname`,
        'debconf-show PACKAGE names those that there are',
      )
    const one = answerOf(answer)
    const text = revealed(one.value)
    if (/[\n\r\0]/.test(text))
      throw new Advice(`the answer to ${question} is not one line`, 'take the line ends out of it')
    // debconf keeps a line end as these two letters, and gives one back for them.
    if (text.includes('\\n'))
      throw new Advice(
        `debconf cannot keep the answer to ${question}: it takes a backslash before an n for a line end`,
        'write the answer without the two together',
      )
    return { question, ...one }
  })
  if (given.length === 0)
    throw new Advice(`debconf.selections ${name}: say which questions`, 'name one at least, with its answer')
  return answering({ name, given })
}

type Given = { readonly question: string; readonly type: string; readonly value: string | Secret }

function answerOf(answer: Selection): { readonly type: string; readonly value: string | Secret } {
  if (answer instanceof Secret) return { type: 'password', value: answer }
  if (typeof answer === 'boolean') return { type: 'boolean', value: String(answer) }
  return typeof answer === 'string' ? { type: 'string', value: answer } : answer
}

interface Wanted {
  readonly name: string
  readonly given: readonly Given[]
}

/** What debconf has: whether it is what is wanted, and, of what is no secret, the answer; undefined for none. */
type Found = readonly { readonly same: boolean; readonly answer: string | undefined }[]

const answering = operation<Wanted, Found, Command, Selected>(({ name }) => `debconf.selections ${name}`, {
  lasting: () => true,
  read,
  plan(found, { name, given }) {
    const due = given.filter((_, i) => !found[i]!.same)
    const result = { package: name, questions: due.map(({ question }) => question) }
    if (due.length === 0) return { result }
    return {
      result,
      change: {
        script: `${plainly}${due.some(({ value }) => revealed(value).endsWith('\\')) ? setEach : set}`,
        stdin: Secret.join(due.flatMap(({ question, type, value }) => [`${name} ${question} ${type} `, value, '\n'])),
        shown: `debconf-set-selections for ${name}`,
      },
      replaces: due.map(({ question }) => replacedAnswer(name, question)),
      diff: due.map((one) => {
        const { answer } = found[given.indexOf(one)]!
        return {
          path: `debconf ${one.question}`,
          before: answer === undefined ? '' : one.value instanceof Secret ? '‹another›\n' : `${answer}\n`,
          after: `${String(one.value)}\n`,
        }
      }),
    }
  },
  async apply(connection, command) {
    await perform(connection, command)
  },
})

const set = 'DEBIAN_FRONTEND=noninteractive debconf-set-selections'

// It joins a line that ends in a backslash with the next one, where there is one.
const setEach = `while IFS= read -r l; do printf '%s\\n' "$l" | ${set} || exit; done`

// An answer may be a password: the line tells a checksum of it.
function replacedAnswer(name: string, question: string): ReplacedThing {
  const asking = `${plainly}ask() { printf '%s\\n' "$1" | debconf-communicate -fnoninteractive ${name}; }
${sh`q=${question}`}
a=$(ask "GET $q"); seen=$(ask "FGET $q seen"); seen=\${seen#0 }`
  return {
    what: `debconf ${question}`,
    look: `${asking}
case $a in
  0*) s=$(printf %s "$a" | sha256sum); echo "an answer ($(echo "$s" | cut -c 1-8), seen $seen)" ;;
  10*) echo none ;;
  *) exit 1 ;;
esac`,
    keep: `${asking}
a=\${a#0}; printf '%s\\n' "$seen" "\${a# }" >"$copy"`,
    back: `${asking}
if [ "$before" = none ]; then ask "UNREGISTER $q"; exit; fi
{ read -r seen; IFS= read -r a; } <"$copy"
[ "$now" != none ] || { printf '%s %s string \\n' ${name} "$q" | debconf-set-selections; }
# Words are put together again with one blank between, unless it is told what is a part of one.
a=$(printf %s "$a" | sed 's/[\\[:space:]]/\\\\&/g')
ask "CAPB escape
SET $q $a" && ask "FSET $q seen $seen"`,
  }
}

// What is wanted is read, and a password is compared there: it leaves the host for nobody.
async function read(connection: Reader, { name, given }: Wanted): Promise<Found> {
  const script = `${plainly}command -v debconf-communicate >/dev/null 2>&1 || exit 91
while IFS= read -r q && IFS= read -r kind && IFS= read -r wanted; do
  a=$(${sh`printf 'GET %s\\nFGET %s seen\\n' "$q" "$q" | debconf-communicate -fnoninteractive ${name}`})
  [ -n "$a" ] || exit 1
  got=\${a%%
*} seen=\${a#*
}
  case $got in 0*) got=\${got#0}; got=\${got# } ;; *) echo none; continue ;; esac
  if [ "$got" = "$wanted" ] && [ "$seen" = '0 true' ]; then echo same
  elif [ "$kind" = password ]; then echo other
  else printf 'other %s\\n' "$got"; fi
done`
  const stdin = Secret.join(given.flatMap(({ question, type, value }) => [masked`${question}\n${type}\n${value}\n`]))
  const result = await connection.exec(script, { stdin })
  if (result.code === 91) throw new Advice('the host has no debconf', 'is it one of Debian or Ubuntu?')
  const lines = result.stdout.split('\n').slice(0, -1)
  if (result.code !== 0 || lines.length !== given.length) {
    if (/locked by another process|Permission denied|root/i.test(result.stderr))
      throw new Advice(
        `debconf cannot be asked: ${result.stderr.trim()}`,
        'run the task with become, and when no other apt runs',
      )
    throw new CommandFailed('debconf-communicate', { ...result, code: result.code || 1 })
  }
  return lines.map((line) => ({
    same: line === 'same',
    answer: line === 'none' ? undefined : line.replace(/^other ?/, ''),
  }))
}
