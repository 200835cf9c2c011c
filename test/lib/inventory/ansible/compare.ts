// Puts generated questions to the Ansible of this machine and to us, and shows where we differ:
//   npm run test:ansible [-- --seed N --count N --kind yaml,value,template,inventory --record]
// --record writes questions and Ansible's answers down for ansible.test.ts.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Kind, kinds, type Question, questions } from './cases.ts'
import { agree, type Answer, ours } from './ours.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    count: { type: 'string', default: '3000' },
    kind: { type: 'string', default: kinds.join(',') },
    show: { type: 'string', default: '3' },
    record: { type: 'boolean', default: false },
  },
})
const [seed, count, show] = [values.seed, values.count, values.show].map(Number) as [number, number, number]
const recorded: { question: Question; theirs: Answer }[] = []
let wrong = 0

for (const kind of values.kind.split(',') as Kind[]) {
  const asked = questions(kind, seed, count)
  const answers = await ansible(asked)
  let shown = 0
  let differ = 0
  for (const [i, question] of asked.entries()) {
    const theirs = answers[i]!
    const mine = await ours(question)
    if (values.record) recorded.push({ question, theirs })
    if (agree(question, mine, theirs)) continue
    differ++
    if (shown++ >= show) continue
    const { text, ...rest } = question as { text?: string }
    process.stdout.write(`\n--- ${kind}\n${text ?? show_(rest)}\n  ours:   ${json(mine)}\n  theirs: ${json(theirs)}\n`)
  }
  wrong += differ
  process.stdout.write(`${kind}: seed ${seed}, ${asked.length} cases, ${differ} differ\n`)
}
if (values.record)
  writeFileSync(
    fileURLToPath(new URL('../../../cases/ansible.json', import.meta.url)),
    `[\n${recorded.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`,
  )
process.exitCode = wrong > 0 ? 1 : 0

function ansible(asked: readonly Question[]): Promise<readonly Answer[]> {
  const script = fileURLToPath(new URL('ask.py', import.meta.url))
  const child = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const answers: Answer[] = []
  lines.on('line', (line) => answers.push(JSON.parse(line) as Answer))
  child.stdin.end(asked.map((question) => `${JSON.stringify(question)}\n`).join(''))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    lines.on('close', () =>
      answers.length === asked.length ? resolve(answers) : reject(new Error('apt-get install ansible-core')),
    )
  })
}

function json(value: unknown): string {
  return JSON.stringify(value).slice(0, 1500)
}

function show_({ files = {}, ...rest }: { files?: Record<string, string> }): string {
  return Object.entries(files)
    .map(([name, content]) => `== ${name}\n${content}`)
    .join('')
    .concat(`== ${JSON.stringify(rest)}\n`)
}
